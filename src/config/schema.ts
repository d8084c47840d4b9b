/**
 * The configuration file's form. Every key is described here, once: the loader, the editors' JSON
 * schema and the messages about wrong keys all read it.
 *
 * @module
 */
import { z } from 'zod';
import { cache, taskCache } from './cache-schema.ts';
import { price } from './price-schema.ts';
import { budget, holdOut, limit } from './spending-schema.ts';
import { parseDuration, parseMoney, parseSize } from './units.ts';

const name = z.string().regex(/^[\w.:/@+-]+$/, 'must be made of letters, digits and . _ : / @ + -');

const duration = z
  .union([z.number(), z.string()])
  .refine(
    (value) => parseDuration(value) !== undefined,
    'must be a duration such as 500ms, 15s, 20m or 1h',
  );

const size = z
  .union([z.number(), z.string()])
  .refine((value) => parseSize(value) !== undefined, 'must be a size such as 512kb or 32mb');

const money = z
  .union([z.number(), z.string()])
  .refine(
    (value) => parseMoney(value) !== undefined,
    'must be an amount in US dollars such as 0.50',
  );

const provider = z
  .strictObject({
    dialect: z
      .enum(['openai', 'anthropic'])
      .optional()
      .describe('Wire format; default: the host’s, else openai'),
    host: z
      .string()
      .optional()
      .describe('A well-known host; default: the provider’s own name where it is one'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .optional()
      .describe('Base URL, as the SDKs take it'),
    key: z.string().nullish().describe('The secret; default: the host’s environment variable'),
    headers: z
      .record(z.string(), z.string())
      .optional()
      .describe('Further headers of each request'),
    'connect-timeout': duration.optional().describe('Time to connect; default 10s'),
    'idle-timeout': duration
      .optional()
      .describe('Time without a byte before giving up; default 20m'),
    retries: z.int().min(0).max(10).optional().describe('Repeats of a failed request; default 2'),
    'price-factor': z
      .number()
      .positive('must be above zero')
      .max(10)
      .optional()
      .describe(
        'Times the price book’s prices: 0.85 for a negotiated discount of 15 %, 1.1 for a regional uplift; default 1',
      ),
    connections: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Open connections at most; default 512'),
  })
  .describe('A host that serves models');

const model = z
  .strictObject({
    provider: z
      .union([z.string(), z.array(z.string()).min(1)])
      .describe('Who serves it; several are tried in order'),
    id: z
      .string()
      .optional()
      .describe('The provider’s own name of the model; default: the name here'),
    price: z
      .union([price, z.array(price).min(1)])
      .optional()
      .describe(
        'The price, in USD per 1M tokens, or a list of dated ones; left out: the price book’s',
      ),
    'max-output': z.int().positive().optional().describe('Tokens an answer may have at most'),
  })
  .describe('A model');

const globs = z.record(z.string(), z.string());

const match = z
  .strictObject({
    system: z.string().optional().describe('Glob over the system prompt'),
    user: z.string().optional().describe('Glob over the last user message'),
    model: z.string().optional().describe('Glob over the model the client asks for'),
    header: globs.optional().describe('Globs over request headers'),
    tag: globs.optional().describe('Globs over tags'),
    template: z.string().optional().describe('A template’s id, as reports show it'),
  })
  .refine(
    (rule) => Object.keys(rule).length > 0,
    'must name at least one of system, user, model, header, tag, template',
  )
  .describe('All parts that are given must hold');

const check = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .describe('A check of the answer, by name or as { name: option }; see docs/checks.md');

const tier = z
  .strictObject({
    model: z.string().describe('The model to ask'),
    accept: z
      .array(check)
      .optional()
      .describe('Checks the answer must pass; none accepts any answer'),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Share of the weighted checks that must pass; default: all'),
  })
  .describe('One rung of the ladder');

const task = z
  .strictObject({
    match: z
      .union([match, z.array(match)])
      .optional()
      .describe('How calls of this task are recognised'),
    model: z.string().optional().describe('The one model that serves it'),
    tiers: z.array(tier).min(1).optional().describe('The ladder, cheapest first'),
    'max-cost': money.optional().describe('USD a call, all tiers together'),
    reference: z.string().optional().describe('What a call of this task would have used'),
    sticky: z.boolean().optional().describe('Conversations stay on their model; default true'),
    cache: taskCache.optional(),
  })
  .describe('A kind of work, and how it is served');

/** The file. */
export const fileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    listen: z
      .union([z.string(), z.int()])
      .optional()
      .describe('Address and port; default 127.0.0.1:4960'),
    data: z.string().min(1).optional().describe('The ledger’s SQLite file; default ./farthing.db'),
    reference: z
      .string()
      .optional()
      .describe('The model a call would have used; default: the one the client asked for'),
    prices: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The price file that `farthing prices update` writes, from this file’s folder; default ./farthing-prices.json',
      ),
    'price-max-age': duration
      .optional()
      .describe('Age above which a listed price is flagged; default 90d'),
    providers: z.record(name, provider.nullable()).optional().describe('Hosts, by name'),
    models: z.record(name, model).optional().describe('Models, by the name clients use'),
    tasks: z.record(name, task).optional().describe('Kinds of work, by name'),
    keys: z
      .enum(['required', 'none'])
      .optional()
      .describe(
        'required: calls carry a key of `farthing keys`; none: open to whoever reaches it; left out: open, on the loopback address only',
      ),
    budgets: z.array(budget).optional().describe('What may be spent'),
    limits: z.array(limit).optional().describe('How fast may be asked'),
    'hold-out': holdOut.optional(),
    cache: cache.optional(),
    'webhook-secret': z
      .string()
      .min(1)
      .optional()
      .describe('Signs webhooks; default: the environment variable FARTHING_WEBHOOK_SECRET'),
    'admin-key': z
      .string()
      .optional()
      .describe(
        'The secret that opens the admin API, at least 32 characters; default: the environment variable FARTHING_ADMIN_KEY; without it there is no admin API',
      ),
    'max-body': size.optional().describe('Largest request body; default 32mb'),
    'keep-alive': duration
      .optional()
      .describe('Silence on a stream before a keep-alive comment; default 15s'),
    drain: duration
      .optional()
      .describe('How long a shutdown waits for calls in flight; default 30s'),
  })
  .describe('Configuration of Farthing');

/** The file's content. */
export type FileForm = z.infer<typeof fileSchema>;
export type ProviderForm = z.infer<typeof provider>;
export type ModelForm = z.infer<typeof model>;
export type TaskForm = z.infer<typeof task>;
export type TierForm = z.infer<typeof tier>;
