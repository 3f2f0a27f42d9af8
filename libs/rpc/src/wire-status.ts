import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { ApiError, findApiError } from '@navarch/apimachinery';
import { findRpcError, RpcError } from './rpc-error';
import { grpcCodeOf } from './status-codes';

/** The trailer with the Kubernetes Status as JSON. */
export const STATUS_TRAILER = 'navarch-status-bin';

/** HTTP/2 peers refuse header blocks of over 64 KiB; base64 and the rest of the block need room in it. */
const LARGEST_STATUS = 24 * 1024;
const LONGEST_DETAILS = 2048;

export type WireStatus = Pick<StatusObject, 'code' | 'details'> & { metadata?: Metadata };

/**
 * What a caller is told of a failure. An error that is neither an ApiError nor an RpcError becomes INTERNAL with a
 * fixed text, and is handed to `onUnknown`, the one place where it is logged.
 */
export function toWireStatus(error: unknown, onUnknown: (error: unknown) => void): WireStatus {
  const api = findApiError(error);
  if (api) return { code: grpcCodeOf(api), details: wireText(api.message), metadata: trailer(api) };
  const rpc = findRpcError(error);
  if (rpc) return { code: rpc.code, details: wireText(rpc.details) };
  onUnknown(error);
  return { code: status.INTERNAL, details: 'internal error' };
}

/** grpc-js percent-encodes details, and ends the process on a lone surrogate; peers refuse very long ones. */
function wireText(text: string): string {
  const wellFormed = Buffer.from(text, 'utf8').toString('utf8');
  return wellFormed.length > LONGEST_DETAILS ? `${Buffer.from(wellFormed.slice(0, LONGEST_DETAILS), 'utf8').toString('utf8')}…` : wellFormed;
}

function trailer(error: ApiError): Metadata {
  const metadata = new Metadata();
  metadata.set(STATUS_TRAILER, statusBytes(error.status));
  return metadata;
}

/** The Status as JSON; when too large for a header, first with fewer causes, then without details. */
function statusBytes(full: ApiError['status']): Buffer {
  const { details, ...rest } = full;
  const message = (full.message ?? '').slice(0, LARGEST_STATUS / 4);
  const fewer = { ...details, causes: details?.causes?.slice(0, 10) ?? [] };
  for (const candidate of [full, { ...rest, message, details: fewer }]) {
    const bytes = Buffer.from(JSON.stringify(candidate));
    if (bytes.length <= LARGEST_STATUS) return bytes;
  }
  return Buffer.from(JSON.stringify({ ...rest, message }));
}

/** What a call failed with, as a client throws it: an ApiError when the server sent a Status, else an RpcError. */
export function fromWireStatus(failure: Pick<StatusObject, 'code' | 'details' | 'metadata'>): ApiError | RpcError {
  const rpc = new RpcError(failure.code, failure.details);
  const [sent] = failure.metadata.get(STATUS_TRAILER);
  if (!Buffer.isBuffer(sent)) return rpc;
  try {
    const parsed: unknown = JSON.parse(sent.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) return rpc;
    const error = ApiError.fromStatus(parsed as ApiError['status']);
    error.cause = rpc;
    return error;
  } catch (error) {
    return new RpcError(failure.code, failure.details, { cause: error });
  }
}
