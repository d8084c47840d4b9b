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
  /** Share of all prompts that it fails on, 0 to 1. */
  readonly failureRate: number;
  /** What it does, in one sentence without a subject, for the banner and the docs. */
  readonly behaviour: string;
}

/** Cheapest first. */
export const SANDBOX_MODELS: readonly SandboxModel[] = [
  {
    name: 'sandbox-small',
    price: { input: 0.1, output: 0.4 },
    failureRate: 1 / 3,
    behaviour:
      'fails visibly on a third of all prompts: refuses, is cut off, says nothing, misses the point, or breaks its JSON',
  },
  {
    name: 'sandbox-medium',
    price: { input: 0.6, output: 2.4 },
    failureRate: 1 / 10,
    behaviour: 'fails in the same ways on a tenth of all prompts',
  },
  {
    name: 'sandbox-large',
    price: { input: 2.5, output: 10 },
    failureRate: 0,
    behaviour: 'never fails',
  },
];

/** The simulated embedding model. */
export const SANDBOX_EMBEDDING: SandboxModel = {
  name: 'sandbox-embedding',
  price: { input: 0.02, output: 0 },
  failureRate: 0,
  behaviour: 'gives vectors of 256 numbers; texts that share words are near each other',
};
