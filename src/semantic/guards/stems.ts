/**
 * English words brought to a common form, so that "charged" meets "charge". Light on purpose: a wrong
 * stem that is the same on both sides does no harm, two meanings under one stem would.
 *
 * @module
 */

const FUNCTION_WORDS = new Set(
  `a an the this that these those my your our his her its their mine yours ours theirs
  i you he she it we they me him us them myself yourself one ones someone something anything thing things
  am is are was were be been being do does did doing done have has had having
  can could may might shall should will would must need needs want wants would like
  and or but if then than so as of at by for with about into onto to from in on off out up down over under
  what which who whom whose when where why how whether
  not no nor never there here now currently just also too very really actually still yet ever already again
  please thanks thank hello hi hey dear ok okay kindly tell know let say ask help give
  get gets got getting go goes going take takes make makes some any all each every much many more most
  possible able way ways there's able am's s t due because while during before after until since without
  within between through`.split(/\s+/),
);

/** True for words that carry structure rather than a subject. */
export function isFunctionWord(word: string): boolean {
  return FUNCTION_WORDS.has(word);
}

const IRREGULAR = new Map(
  `sent send;paid pay;lost lose;found find;bought buy;sold sell;got get;gotten get;went go;gone go;took take;taken take;
  ate eat;eaten eat;ran run;broke break;broken break;stole steal;stolen steal;forgot forget;forgotten forget;left leave;
  made make;came come;gave give;given give;wrote write;written write;knew know;known know;saw see;seen see;spent spend;
  slept sleep;felt feel;kept keep;held hold;met meet;told tell;said say;thought think;brought bring;caught catch;
  chose choose;chosen choose;drank drink;drunk drink;drove drive;driven drive;fell fall;fallen fall;flew fly;flown fly;
  froze freeze;frozen freeze;hid hide;hidden hide;rose rise;risen rise;spoke speak;spoken speak;swam swim;threw throw;
  thrown throw;woke wake;woken wake;wore wear;worn wear;withdrew withdraw;withdrawn withdraw;built build;lent lend;
  children child;kids kid;feet foot;teeth tooth;men man;women woman;people person;wives wife;lives life;
  cancelled cancel;cancelling cancel;cancellation cancel;travelled travel;travelling travel;
  delivery deliver;arrival arrive;departure depart;refundable refund;payment pay;payments pay;withdrawal withdraw;
  withdrawals withdraw;transaction transact;transactions transact;removal remove;renewal renew;
  installation install;activation activate;verification verify;shipment ship;shipments ship;warmer warm;colder cold;
  healthier healthy;cheaper cheap;cheapest cheap`
    .split(';')
    .map((pair) => pair.trim().split(' ') as [string, string]),
);

const stems = new Map<string, string>();
/** Distinct words whose stem is remembered. */
const STEMS_KEPT = 20_000;

/** The stem of a word in lower case. */
export function stem(word: string): string {
  let found = stems.get(word);
  if (found === undefined) {
    if (stems.size >= STEMS_KEPT) stems.clear();
    stems.set(word, (found = shorten(IRREGULAR.get(word) ?? word)));
  }
  return found;
}

function shorten(word: string): string {
  if (word.length <= 3) return word;
  const singular = withoutPlural(word);
  const bare = withoutEnding(singular);
  return bare.length > 3 && bare.endsWith('e') ? bare.slice(0, -1) : bare;
}

function withoutPlural(word: string): string {
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  return /[^suip]s$|ps$/.test(word) ? word.slice(0, -1) : word;
}

function withoutEnding(word: string): string {
  if (word.endsWith('ied')) return `${word.slice(0, -3)}y`;
  const bare = /^(.*[aeiouy].*?)(?:ing|ed)$/.exec(word)?.[1];
  if (bare === undefined || bare.length < 3) return word;
  return /([bdgmnprt])\1$/.test(bare) ? bare.slice(0, -1) : bare;
}
