/**
 * Well-known hosts: a provider of one of these names needs nothing but its key.
 *
 * @module
 */
import type { DialectName } from './config.ts';

/** What is known of a host. */
export interface Host {
  readonly url: string;
  readonly dialect: DialectName;
  /** The environment variable that holds the key; undefined for servers on one's own machine. */
  readonly keyVariable: string | undefined;
}

const openai = (url: string, keyVariable?: string): Host => ({
  url,
  dialect: 'openai',
  keyVariable,
});

/** By name. The names are also those of the price book. */
export const HOSTS: Readonly<Record<string, Host>> = {
  openai: openai('https://api.openai.com/v1', 'OPENAI_API_KEY'),
  anthropic: {
    url: 'https://api.anthropic.com/v1',
    dialect: 'anthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
  },
  deepseek: openai('https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY'),
  alibaba: openai('https://dashscope-intl.aliyuncs.com/compatible-mode/v1', 'DASHSCOPE_API_KEY'),
  mistral: openai('https://api.mistral.ai/v1', 'MISTRAL_API_KEY'),
  groq: openai('https://api.groq.com/openai/v1', 'GROQ_API_KEY'),
  together: openai('https://api.together.xyz/v1', 'TOGETHER_API_KEY'),
  fireworks: openai('https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY'),
  openrouter: openai('https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'),
  xai: openai('https://api.x.ai/v1', 'XAI_API_KEY'),
  gemini: openai('https://generativelanguage.googleapis.com/v1beta/openai', 'GEMINI_API_KEY'),
  global: openai('https://global-apis.com/v1', 'GLOBAL_API_KEY'),
  ollama: openai('http://127.0.0.1:11434/v1'),
  vllm: openai('http://127.0.0.1:8000/v1'),
  lmstudio: openai('http://127.0.0.1:1234/v1'),
};

/** Other names of the same hosts. */
const ALIASES: Readonly<Record<string, string>> = {
  qwen: 'alibaba',
  dashscope: 'alibaba',
  google: 'gemini',
  'global-api': 'global',
};

/** A host by its name or another name of it, with the name that counts. */
export function findHost(name: string): { readonly name: string; readonly host: Host } | undefined {
  const known = Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name;
  const host = Object.hasOwn(HOSTS, known) ? HOSTS[known] : undefined;
  return host === undefined ? undefined : { name: known, host };
}
