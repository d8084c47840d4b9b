/**
 * Making texts alike that ask for the same: letter case, white space, dates and ids that change from call
 * to call. Off unless a task asks for it: what is taken out is not in the key, and calls that differ in
 * nothing else get one answer.
 *
 * @module
 */
import {
  type CachePolicy,
  NORMAL_FORMS,
  type NormalForm,
  type TextPlace,
} from '../config/cache-policy.ts';
import { withoutDates, withoutIds, withoutTimes } from './volatile.ts';

/** A text as it stands in the key. */
export interface NormalText {
  readonly text: string;
  /** False for a text that was left as it is. */
  readonly isNormal: boolean;
}

/** Makes a message's text alike; undefined: the call must not be cached. Never throws. */
export type TextNormalizer = (text: string, place: TextPlace) => NormalText | undefined;

/**
 * Stands before and behind the name of what was taken out. A text that has it itself is left as it is,
 * so that nobody can write what only taking out can make.
 */
export const MARK = '\u{E000}';

type Step = (text: string, place: TextPlace) => string;

const STEPS: Readonly<Record<NormalForm, Step>> = {
  unicode: (text) => text.normalize('NFKC'),
  dates: (text) => withoutDates(text, MARK),
  times: (text) => withoutTimes(text, MARK),
  ids: (text) => withoutIds(text, MARK),
  greetings: (text, { role }) => (role === 'user' ? withoutGreetings(text) : text),
  case: (text) => text.toLowerCase(),
  space: (text) => text.replaceAll(/\s+/g, ' ').trim(),
};

const normalizers = new WeakMap<CachePolicy, TextNormalizer>();

/** What a policy makes of texts; undefined where it leaves them all as they are. */
export function normalizerOf(policy: CachePolicy): TextNormalizer | undefined {
  if (policy.normalize.length === 0 && policy.keyFunction === undefined) return undefined;
  let known = normalizers.get(policy);
  if (known === undefined) normalizers.set(policy, (known = normalizer(policy)));
  return known;
}

function normalizer({ normalize, keyFunction }: CachePolicy): TextNormalizer {
  const steps = NORMAL_FORMS.filter((form) => normalize.includes(form)).map((form) => STEPS[form]);
  return (text, place) => {
    let made = text;
    if (keyFunction !== undefined) {
      try {
        const said = keyFunction.of(text, place);
        if (typeof said !== 'string') return undefined;
        made = said;
      } catch {
        return undefined;
      }
    }
    if (made.includes(MARK)) return { text: made, isNormal: keyFunction !== undefined };
    return { text: steps.reduce((soFar, step) => step(soFar, place), made), isNormal: true };
  };
}

/** A greeting that is followed by something else: "Hi there, …", "Dear support team:\n…". */
const GREETING =
  /^\s*(?:hi|hello|hey|greetings|good (?:morning|afternoon|evening|day)|dear (?:sir|madam|sirs|team|support|assistant|all))(?: (?:there|all|everyone|team|again)){0,2} ?[,!.:;\n–—-]+\s*/i;

/** Thanks that are a sentence of their own at the end. */
const THANKS =
  /(?<=[.!?\n] {0,4})(?:many thanks|thanks|thank you|thx|cheers|(?:best|kind) regards)(?: (?:so much|very much|a lot|in advance)){0,2} ?[.!,]{0,3}\s*$/i;

/** Without what says hello and thanks around a question. A text that is nothing else stays. */
function withoutGreetings(text: string): string {
  const bare = text.trimEnd().replace(THANKS, '').replace(GREETING, '').trim();
  return bare === '' ? text : bare;
}
