/**
 * Words that may stand for each other in the questions people put to services. What is not here counts
 * as different: a line too few costs a hit, a line too many an answer.
 *
 * @module
 */
import { stem } from './stems.ts';

const TABLE = `
account profile|money funds deposits cash savings|fee charge cost price|limit maximum cap|card plastic|statement document
buy purchase order|cancel end terminate stop|delete remove erase drop|change update edit modify alter adjust amend|begin start
show list display see view find|use work|arrive come deliver receive|send ship dispatch post|refund reimburse|return send
fix repair solve resolve|error problem issue bug fault|broken damaged faulty defective|wrong incorrect|fast quick rapid|slow sluggish
big large huge|small little tiny|cheap inexpensive affordable|expensive costly dear|close near nearby next|close shut|shop store
phone mobile|phone telephone|email mail|password passcode|login log sign|photo picture image|film movie|car vehicle|hire rent rental
luggage baggage bag|suitcase luggage|flight plane|trip journey travel|hotel accommodation|book reserve|booking reservation|room bedroom
sea ocean|kid child|coworker colleague teammate|person human agent|doctor physician|medicine medication drug|pill tablet|pain ache
hurt ache|exercise workout training train|workout training|run jog|healthy good|unhealthy bad harmful|lower reduce decrease cut
raise increase|increase boost|help assist|require need necessary|allow permit|support accept offer|explain describe|difference differ
folder directory|file document|program app application software|function method|launch start|create make open set|text message
website site page|picture photo|parcel package|shipping delivery|trousers pants|sweater jumper|sofa couch|waterproof resistant water
available stock|discount coupon voucher|code coupon|warranty guarantee|material made|normal usual|sick ill|tired exhausted|symptom sign
quit stop|get receive obtain|choose select pick|recommend suggest|contact reach call|speak talk|top load|transfer payment
bank branch|machine atm|wife spouse husband partner|stay remain|extend prolong|shut closed|decline reject refuse|swallow eat keep
current actual|correct right proper|minimum least|dark night|theme mode|write create|fever temperature|rate pulse|amount quantity
usa us america|uk britain|sore painful|intermittent|steps process procedure|documents papers|method way|colour color|grey gray|child kid|insured protected safe
`;

const groups = new Map<string, Set<number>>();
for (const [number, line] of TABLE.trim().split(/[|\n]/).entries()) {
  for (const word of line.split(' ')) {
    const key = stem(word);
    groups.set(key, (groups.get(key) ?? new Set()).add(number));
  }
}

/** True for two stems that may stand for each other. */
export function areSynonyms(one: string, other: string): boolean {
  const of = groups.get(one);
  const against = groups.get(other);
  return of !== undefined && against !== undefined && [...of].some((group) => against.has(group));
}
