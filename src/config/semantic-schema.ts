/**
 * The form of `cache.semantic`, at the top of the file and in a task.
 *
 * @module
 */
import { z } from 'zod';
import { parseDuration, parseShare } from './units.ts';

/** A share above `above` and at most `most`, both between 0 and 1. */
const shareOf = (above: number, most: number) =>
  z.union([z.number(), z.string()]).refine(
    (value) => {
      const share = parseShare(value);
      return share !== undefined && share > above && share <= most;
    },
    `must be a share such as 1% or 0.01, above ${100 * above}% and at most ${100 * most}%`,
  );

const policy = z.strictObject({
  embedder: z
    .string()
    .min(1)
    .describe('The model that turns questions into vectors, or offline: packages of the process'),
  'max-wrong': shareOf(0, 0.5)
    .optional()
    .describe('Greatest share of wrong answers among those given; default 1%'),
  judge: z
    .string()
    .min(1)
    .optional()
    .describe('The model that compares answers in prose; left out: people do'),
  shadow: shareOf(0, 1)
    .optional()
    .describe('Share of would-be hits that are judged while the model answers anyway; default 25%'),
  verify: shareOf(0, 1)
    .optional()
    .describe('Share of given answers that the model is asked for as well; default 5%'),
  timeout: z
    .union([z.number(), z.string()])
    .refine(
      (value) => (parseDuration(value) ?? 0) > 0,
      'must be a duration above zero such as 300ms',
    )
    .optional()
    .describe('How long a call waits for its vector before it goes on without; default 300ms'),
});

/** `semantic:` of a cache. */
export const semantic = z
  .union([z.literal(false), policy])
  .describe('Answers to questions that mean the same, under a measured limit; left out: none');

/** `semantic:` as it stands in the file. */
export type SemanticForm = z.infer<typeof semantic>;
