/**
 * Token counts made here, for when no provider reports them: estimates of what a text or request has, and
 * a bound that no request exceeds. All counts are o200k_base's, the vocabulary of OpenAI's models since
 * gpt-4o; other families count the same text a few per cent to a third differently.
 *
 * @module
 */
import type { countTokens as CountTokens } from 'gpt-tokenizer/encoding/o200k_base';
import type { JsonObject } from '../json.ts';
import {
  IMAGE_TOKENS,
  MESSAGE_TOKENS,
  REPLY_TOKENS,
  TOOL_TOKENS,
  readRequest,
} from './request-content.ts';

interface Tokenizer {
  readonly countTokens: typeof CountTokens;
}

/** Special tokens in a text are text: a prompt may well talk about `<|endoftext|>`. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** Words whose merges are remembered, at a few hundred bytes each. */
const REMEMBERED_WORDS = 20_000;

/**
 * Longest run without a change between white space and text, in UTF-16 units. The merge loop is quadratic
 * in a word's length; prose never has such words, and where one is cut the count is at most one off.
 */
const LONGEST_RUN = 256;

/** Characters counted in one go; longer texts leave the event loop free in between. */
const SLICE = 131_072;

let loading: Promise<Tokenizer> | undefined;
let loaded: Tokenizer | undefined;

/** Loads the vocabulary: some 100 ms and 60 MB, so only on the first text that has to be counted. */
export async function loadTokenizer(): Promise<void> {
  loaded ??= await (loading ??= load());
}

async function load(): Promise<Tokenizer> {
  const tokenizer = await import('gpt-tokenizer/encoding/o200k_base');
  tokenizer.setMergeCacheSize(REMEMBERED_WORDS);
  return tokenizer;
}

/** Tokens of a text. Linear in its length, whatever it holds. */
export async function countTokens(text: string): Promise<number> {
  if (text === '') return 0;
  await loadTokenizer();
  let count = 0;
  for (let start = 0, end; start < text.length; start = end) {
    end = sliceEnd(text, start);
    count += countTokensNow(text.slice(start, end));
    if (end < text.length) await new Promise(setImmediate);
  }
  return count;
}

/** The same at once. Throws an Error before {@link loadTokenizer} has resolved. */
export function countTokensNow(text: string): number {
  if (loaded === undefined) throw new Error('The tokenizer is not loaded yet.');
  let count = 0;
  for (const piece of withoutLongRuns(text)) count += loaded.countTokens(piece, AS_TEXT);
  return count;
}

/** Before a space near the limit, where a token begins anyway. */
function sliceEnd(text: string, start: number): number {
  const limit = start + SLICE;
  if (limit >= text.length) return text.length;
  const space = text.lastIndexOf(' ', limit);
  return space > limit - LONGEST_RUN ? space : afterSurrogate(text, limit);
}

function* withoutLongRuns(text: string): Generator<string> {
  let start = 0;
  let run = 0;
  let inSpace = false;
  for (let index = 0; index < text.length; index++) {
    const isSpace = text.charCodeAt(index) <= 32;
    if (isSpace !== inSpace) {
      run = index;
      inSpace = isSpace;
    } else if (index - run >= LONGEST_RUN) {
      const end = afterSurrogate(text, index);
      yield text.slice(start, end);
      start = run = end;
    }
  }
  if (start < text.length) yield text.slice(start);
}

/** The next place that does not tear a character of two UTF-16 units apart. */
function afterSurrogate(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc_00 && unit <= 0xdf_ff ? index + 1 : index;
}

/**
 * Prompt tokens that a chat or embeddings request will probably have. Messages as OpenAI documents it
 * (github.com/openai/openai-cookbook, How to count tokens with tiktoken): 3 a message, 1 a name, 3 for the
 * start of the reply. Tools and schemas by their JSON, which is close to how they are shown to the model.
 * Images at {@link IMAGE_TOKENS}. Audio and files are guesses from their size.
 */
export async function estimateRequestTokens(request: JsonObject): Promise<number> {
  const content = readRequest(request);
  if (content.kind === 'embeddings') return content.tokens + (await countAll(content.texts));
  const { messages, names, images, lowImages, tools, estimatedMediaTokens } = content;
  return (
    (await countAll(content.texts)) +
    messages * MESSAGE_TOKENS.usual +
    names +
    tools * TOOL_TOKENS.usual +
    images * IMAGE_TOKENS.usual +
    lowImages * IMAGE_TOKENS.low +
    estimatedMediaTokens +
    REPLY_TOKENS.usual
  );
}

async function countAll(texts: readonly string[]): Promise<number> {
  let count = 0;
  for (const text of texts) count += await countTokens(text);
  return count;
}

/**
 * Models that are known to use o200k_base (OpenAI's tiktoken, model.py), fine-tuned ones included. Newer
 * ones may well use it too, but a bound must not rest on that.
 */
const SAME_VOCABULARY =
  /^(?:openai\/)?(?:ft:)?(?:gpt-4o|chatgpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|gpt-oss|o1|o3|o4)(?:$|[-.:])/;

/** What may be lost by cutting long runs apart and by texts that are shown to the model differently. */
const MARGIN = 1.02;

/**
 * Prompt tokens that a request has at most: what a hard limit on cost is computed with.
 *
 * Why it is a bound at any model: every token of a byte-level vocabulary, and of a character-level one
 * that falls back to bytes, stands for at least one byte of the text, so no text has more tokens than
 * bytes in UTF-8. What templates add is bounded by the largest additions that are documented, images by
 * the dearest image any model has, audio by its bytes. What cannot be seen from here (a file, a sound that
 * the provider holds) is taken to fill the largest context window there is.
 *
 * For a model whose vocabulary is at hand, texts are counted instead, with a margin of 2 %, which is a
 * quarter of the bound by bytes for English.
 */
export async function upperBoundRequestTokens(request: JsonObject, modelId = ''): Promise<number> {
  const content = readRequest(request);
  const texts: readonly string[] = content.texts;
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const ofTexts = SAME_VOCABULARY.test(modelId)
    ? Math.min(bytes, Math.ceil((await countAll(texts)) * MARGIN))
    : bytes;
  if (content.kind === 'embeddings') {
    // Two markers around each text are the most that an embedding model adds.
    return ofTexts + content.tokens + texts.length * 2;
  }
  const { messages, images, lowImages, tools, mostMediaTokens } = content;
  return (
    ofTexts +
    messages * MESSAGE_TOKENS.most +
    tools * TOOL_TOKENS.most +
    (tools > 0 ? TOOL_TOKENS.preamble : 0) +
    images * IMAGE_TOKENS.most +
    lowImages * IMAGE_TOKENS.mostLow +
    mostMediaTokens +
    REPLY_TOKENS.most
  );
}

/**
 * Roughly how many tokens a text has, without a vocabulary and at once: 4 characters of ASCII a token
 * (OpenAI's rule of thumb for English), fewer of other scripts. For decisions in the middle of a stream,
 * never for the ledger.
 */
export function estimateAnswerTokens(text: string): number {
  const beyondAscii = Math.max(0, Buffer.byteLength(text) - text.length);
  // A letter beyond ASCII has 1 byte more in UTF-8 than UTF-16 units, an ideograph 2.
  return Math.ceil(text.length / 4 + beyondAscii / 4);
}
