/** `language`: the answer is in the right language. @module */
import { lastUserText } from '../dialects/openai-chat-request.ts';
import type { Check, CheckContext, Choice, Verdict } from './check.ts';
import { wrongOption } from './options.ts';

/** Letters below which no language is told from another. */
const LEAST_LETTERS = 24;
/** Text that is looked at, in UTF-16 units. */
const LOOKED_AT = 2_000;

/** Tells the language of a text, as ISO 639-1; undefined where it cannot be told. */
type Detect = (text: string) => string | undefined;

let loading: Promise<Detect> | undefined;

/** The detector's data is large and is loaded when a call first needs it. */
async function detector(): Promise<Detect> {
  loading ??= import('eld/small').then(({ eld }) => (text) => {
    const found = eld.detect(text);
    return found.isReliable() ? found.language : undefined;
  });
  return loading;
}

/**
 * `{ language: en }`, or `{ language: input }` for that of the caller's last message. Code is not looked
 * at; short or mixed texts, of which nothing certain can be told, pass.
 */
export function language(option: unknown): Check {
  if (typeof option !== 'string' || !/^(?:input|[a-z]{2})$/.test(option)) {
    throw wrongOption(
      'language',
      'an ISO 639-1 code such as { language: en }, or { language: input }',
    );
  }
  return { name: 'language', judge: async (choice, context) => judge(option, choice, context) };
}

async function judge(
  option: string,
  { text }: Choice,
  { request }: CheckContext,
): Promise<Verdict> {
  const detect = await detector();
  const wanted = option === 'input' ? languageOf(lastUserText(request), detect) : option;
  const got = languageOf(text, detect);
  if (wanted === undefined || got === undefined || got === wanted) return { verdict: 'accept' };
  return { verdict: 'escalate', reason: `it is in "${got}", wanted was "${wanted}"` };
}

function languageOf(text: string, detect: Detect): string | undefined {
  const prose = text
    .replaceAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`|https?:\S+/g, ' ')
    .slice(0, LOOKED_AT);
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  const dense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(
    prose,
  );
  return letters < (dense ? LEAST_LETTERS / 4 : LEAST_LETTERS) ? undefined : detect(prose);
}
