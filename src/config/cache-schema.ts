/**
 * The form of `cache:`, at the top of the file and in a task.
 *
 * @module
 */
import { z } from 'zod';
import { NORMAL_FORMS } from './cache-policy.ts';
import { semantic } from './semantic-schema.ts';
import { parseDuration, parseSize } from './units.ts';

const duration = z
  .union([z.number(), z.string()])
  .refine(
    (value) => parseDuration(value) !== undefined,
    'must be a duration such as 10m, 1h or 7d',
  );

const policy = {
  ttl: duration.optional().describe('How long an answer is given; a task’s default: 1h'),
  stale: duration
    .optional()
    .describe('How long after that, while a new answer is fetched behind it; default 0'),
  normalize: z
    .array(z.enum(NORMAL_FORMS))
    .optional()
    .describe('What is made alike in the texts of messages before they are compared; default none'),
  key: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A JavaScript module whose function says what stands in the key for a message’s text',
    ),
  sampled: z
    .boolean()
    .optional()
    .describe('Keep answers of calls with a temperature above 0, or none given; default false'),
  samples: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('How many of those are kept and given in turn; default 1'),
  epoch: z
    .int()
    .min(0)
    .optional()
    .describe('Another number makes all that was kept before unreachable; default 0'),
  semantic: semantic.optional(),
};

/** `cache:` of a task. */
export const taskCache = z
  .union([z.literal(false), z.strictObject(policy)])
  .describe('Whether and how answers are kept; false: not at all; left out: as at the top');

/** `cache:` at the top. */
export const cache = z
  .strictObject({
    ...policy,
    ttl: duration
      .optional()
      .describe('How long an answer is given; with it, answers of all tasks are kept'),
    size: z
      .union([z.number(), z.string()])
      .refine((value) => parseSize(value) !== undefined, 'must be a size such as 64mb or 1gb')
      .optional()
      .describe('Bytes that are kept; default 256mb'),
    redis: z
      .url({ protocol: /^rediss?$/, error: 'must be a redis or rediss URL' })
      .optional()
      .describe('A Redis instead of the file; default: the environment variable REDIS_URL'),
    timeout: duration
      .optional()
      .describe('How long Redis may take before the call goes on without it; default 50ms'),
  })
  .describe('Answers that are kept and given again; left out: none');

/** `cache:` of a task as it stands in the file. */
export type TaskCacheForm = z.infer<typeof taskCache>;
/** `cache:` at the top as it stands in the file. */
export type CacheForm = z.infer<typeof cache>;
