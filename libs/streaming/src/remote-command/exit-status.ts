import { type metav1 } from '@navarch/api';

import type { CommandExit } from './types';

const NON_ZERO_EXIT_CODE = 'NonZeroExitCode';
const EXIT_CODE = 'ExitCode';
const INTERNAL_ERROR_PREFIX = 'Internal error occurred: ';

/** How a command ended as the Status that goes over the error stream, see upstream's pkg/kubelet/cri/streaming/remotecommand. */
export function statusOfExit(result: CommandExit): metav1.Status {
  if (result.error !== undefined) {
    return {
      metadata: {},
      status: 'Failure',
      message: `${INTERNAL_ERROR_PREFIX}${result.error}`,
      reason: 'InternalError',
      details: { causes: [{ message: result.error }] },
      code: 500,
    };
  }
  if (result.code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: command terminated with exit code ${result.code}`,
    reason: NON_ZERO_EXIT_CODE,
    details: { causes: [{ reason: EXIT_CODE, message: String(result.code) }] },
  };
}

/** The same for the protocols before v4, whose error stream carries text, and nothing for success. */
export function textOfExit(result: CommandExit): string {
  const { status, message } = statusOfExit(result);
  return status === 'Success' ? '' : (message ?? '');
}

function isStatus(value: unknown): value is metav1.Status {
  return typeof value === 'object' && value !== null && 'status' in value;
}

/** Reads what came over an error stream, in either form. */
export function exitOfErrorStream(text: string): CommandExit {
  if (text === '') return { code: 0 };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!isStatus(value)) return { code: 1, error: withoutPrefix(text.trim()) };
  if (value.status === 'Success') return { code: 0 };
  const cause = value.details?.causes?.find(({ reason }) => reason === EXIT_CODE);
  const code = Number(cause?.message);
  if (value.reason === NON_ZERO_EXIT_CODE && cause?.message !== undefined && Number.isInteger(code)) return { code };
  return { code: 1, error: withoutPrefix(value.message ?? 'unknown error') };
}

function withoutPrefix(message: string): string {
  return message.startsWith(INTERNAL_ERROR_PREFIX) ? message.slice(INTERNAL_ERROR_PREFIX.length) : message;
}
