/** The policies that are compared. */

/** A ladder, as it stands in the configuration. */
export interface Policy {
  readonly name: string;
  readonly tiers: readonly { readonly model: string; readonly accept?: readonly unknown[] }[];
}

/** The policy that all are compared with; runs first. */
export const REFERENCE = 'always gpt-4o';

/** The prompts ask for a JSON object with these two fields. */
const ANSWER = {
  type: 'object',
  required: ['reasoning', 'answer'],
  properties: { reasoning: { type: 'string', minLength: 1 } },
};

const CHECKS = ['complete', 'not-empty', 'not-refusal', { 'json-schema': ANSWER }];

const single = (model: string): Policy => ({ name: `always ${model}`, tiers: [{ model }] });

const ladder = (cheap: string, dear: string): Policy => ({
  name: `${cheap}, then ${dear}`,
  tiers: [{ model: cheap, accept: CHECKS }, { model: dear }],
});

export const POLICIES: readonly Policy[] = [
  single('gpt-4o'),
  single('gpt-4o-mini'),
  single('claude-3-haiku'),
  single('llama-3.1-8b'),
  ladder('gpt-4o-mini', 'gpt-4o'),
  ladder('claude-3-haiku', 'gpt-4o'),
  ladder('llama-3.1-8b', 'gpt-4o'),
];
