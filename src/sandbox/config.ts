/**
 * The configuration that is served without any key.
 *
 * @module
 */
import { SANDBOX_EMBEDDING, SANDBOX_MODELS } from './models.ts';

/** YAML for a sandbox upstream at a base URL. */
export function sandboxConfigYaml(url: string): string {
  const models = [...SANDBOX_MODELS, SANDBOX_EMBEDDING].map(
    ({ name, price }) =>
      `  ${name}: { provider: sandbox, price: { input: ${price.input}, output: ${price.output} } }`,
  );
  return `reference: sandbox-large
providers:
  sandbox: { dialect: openai, url: "${url}", key: none }
models:
${models.join('\n')}
tasks:
  draft:
    match: { system: "You write project proposals*" }
    tiers:
      - { model: sandbox-small, accept: [complete, not-refusal, { min-length: 40 }, { mentions: client }] }
      - { model: sandbox-large }
  classify:
    match: { system: "You classify*" }
    model: sandbox-small
  extract:
    match: { system: "You extract*" }
    tiers:
      - { model: sandbox-small, accept: [complete, not-refusal, json-schema] }
      - { model: sandbox-medium, accept: [complete, not-refusal, json-schema] }
      - { model: sandbox-large }
`;
}
