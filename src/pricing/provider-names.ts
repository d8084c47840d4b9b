/**
 * Names of providers.
 *
 * @module
 */

/** Further names of providers: their companies', their products', and those that other tools use. */
const PROVIDER_NAMES: ReadonlyMap<string, string> = new Map([
  ['google', 'gemini'],
  ['qwen', 'alibaba'],
  ['dashscope', 'alibaba'],
  ['togetherai', 'together'],
  ['together_ai', 'together'],
  ['fireworks-ai', 'fireworks'],
  ['fireworks_ai', 'fireworks'],
  ['mistralai', 'mistral'],
  ['x-ai', 'xai'],
]);

/** The name under which the book keeps a provider: `google` is `gemini`. */
export function canonicalProvider(provider: string): string {
  const folded = provider.toLowerCase();
  return PROVIDER_NAMES.get(folded) ?? folded;
}
