/**
 * The simulated models: what they are called, cost and do wrong.
 *
 * @module
 */

/** One simulated model. */
export interface SandboxModel {
  readonly name: string;
  /** USD per 1M tokens. */
  readonly price: { readonly input: number; readonly output: number };
  /** Of 12 prompts, how many it fails on. */
  readonly failsOf12: number;
  /** For the banner and the docs. */
  readonly behaviour: string;
}

/** Cheapest first. */
export const SANDBOX_MODELS: readonly SandboxModel[] = [
  {
    name: 'sandbox-small',
    price: { input: 0.1, output: 0.4 },
    failsOf12: 4,
    behaviour:
      'fails visibly on a third of all prompts: refuses, is cut off, or wraps its JSON in a fence',
  },
  {
    name: 'sandbox-medium',
    price: { input: 0.6, output: 2.4 },
    failsOf12: 1,
    behaviour: 'fails on a twelfth of all prompts',
  },
  {
    name: 'sandbox-large',
    price: { input: 2.5, output: 10 },
    failsOf12: 0,
    behaviour: 'never fails',
  },
];

/** The simulated embedding model. */
export const SANDBOX_EMBEDDING: SandboxModel = {
  name: 'sandbox-embedding',
  price: { input: 0.02, output: 0 },
  failsOf12: 0,
  behaviour: 'gives vectors of 256 numbers that depend on the text alone',
};
