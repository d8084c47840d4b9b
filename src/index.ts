/**
 * Farthing as a library.
 *
 * @module
 */
export type { Attempt, Call, Handler, Outcome, Reply, Stage, Trace } from './call.ts';
export { ReplyEvent } from './call.ts';
export type { Check, CheckContext, Choice, ToolCall, Verdict } from './checks/check.ts';
export type { Config, Model, Provider, Task, Tier } from './config/config.ts';
export { loadConfig, parseConfig } from './config/load.ts';
export { ERROR_CODES, FarthingError, isFarthingError, type ErrorCode } from './errors.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Quote } from './quote/quote.ts';
export type { GatewayRequest } from './read-call.ts';
export { startServer, type RunningServer } from './server/server.ts';
export { verify as verifyWebhook, type WebhookHeaders } from './alerts/signature.ts';
export type { WebhookEvent } from './alerts/webhook.ts';
export { telemetrySink, type TelemetryOptions } from './telemetry/sink.ts';
