import { ApiError, badRequest, goQuote, internalError, type Status, type StatusReason } from '@navarch/apimachinery';

/** A webhook could not be asked, or has not answered sensibly: its failure policy decides what that means. */
export class WebhookCallFailed extends Error {
  override readonly name = 'WebhookCallFailed';

  constructor(webhook: string, why: string, cause?: unknown) {
    super(`failed calling webhook ${goQuote(webhook)}: ${why}`, cause === undefined ? undefined : { cause });
  }
}

export const callFailedError = (failure: WebhookCallFailed): ApiError => internalError(failure.message, failure);

/** The refusal of a webhook, as the client gets it: never without a failing code. */
export function denied(webhook: string, status: Partial<Status> = {}): ApiError {
  const { message = '', reason = '', code = 0, details } = status;
  const by = `admission webhook ${goQuote(webhook)} denied the request`;
  const text = message === '' && reason === '' ? `${by} without explanation` : `${by}: ${message === '' ? reason : message}`;
  return new ApiError({ code: code < 400 ? 400 : code, reason: reason as StatusReason, message: text, ...(details === undefined ? {} : { details }) });
}

export const dryRunUnsupported = (webhook: string): ApiError => badRequest(`admission webhook ${goQuote(webhook)} does not support dry run`);
