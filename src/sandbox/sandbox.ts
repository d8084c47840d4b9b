/**
 * The sandbox: simulated models behind a real HTTP server, so that the first minute needs no key and
 * takes the same way as every other.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { FarthingError } from '../errors.ts';
import { asNumber, type JsonObject } from '../json.ts';
import { embed } from './embedding.ts';
import { SANDBOX_EMBEDDING, SANDBOX_MODELS } from './models.ts';
import { type OpenAIServer, startOpenAIServer } from './openai-server.ts';
import { promptTokens, simulate } from './simulate.ts';

/** A running sandbox. */
export interface Sandbox extends OpenAIServer {
  readonly models: readonly string[];
}

/** Answers one request may ask for. */
const MOST_CHOICES = 128;

/** Starts it on an ephemeral port of 127.0.0.1. */
export async function startSandbox(): Promise<Sandbox> {
  const models = [...SANDBOX_MODELS, SANDBOX_EMBEDDING].map(({ name }) => name);
  const server = await startOpenAIServer({
    models,
    ownedBy: 'sandbox',
    complete: (request) => ({ body: complete(request) }),
    embed,
  });
  return { ...server, models };
}

function complete(request: JsonObject): JsonObject {
  const model = SANDBOX_MODELS.find(({ name }) => name === request['model']);
  if (model === undefined) {
    const names = SANDBOX_MODELS.map(({ name }) => name).join(', ');
    throw new FarthingError('model_not_found', `The sandbox's models are ${names}.`, {
      param: 'model',
    });
  }
  const count = asNumber(request['n']) ?? 1;
  if (count > MOST_CHOICES) {
    throw new FarthingError('invalid_value', `'n' must be at most ${MOST_CHOICES}.`, {
      param: 'n',
    });
  }
  const answers = Array.from({ length: count }, (_, choice) => simulate(model, request, choice));
  const completion = answers.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
  const prompt = promptTokens(request);
  return {
    id: `chatcmpl-sandbox-${digest(request)}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: model.name,
    choices: answers.map(({ text, toolCalls, finishReason }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: text,
        refusal: null,
        ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      },
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    },
  };
}

function digest(request: JsonObject): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 24);
}
