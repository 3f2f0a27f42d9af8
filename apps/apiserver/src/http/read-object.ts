import type { KubeObject } from '@navarch/api';
import { bodyFormat } from '../codec/body-format';
import { decodeBody, type ExpectedKind } from '../codec/decode-body';
import type { WriteContext } from '../registry/write-context';
import type { Exchange } from './exchange';
import { readBody } from './read-body';

function declaredLength(exchange: Exchange): number | undefined {
  const text = exchange.request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

export function readRequestBody(exchange: Exchange): Promise<Buffer> {
  return readBody(exchange.request, declaredLength(exchange));
}

/** Reads the body; each call of the answer decodes and defaults it anew. @throws ApiError */
export async function objectReader(exchange: Exchange, expected: ExpectedKind, context: WriteContext): Promise<() => KubeObject> {
  const format = bodyFormat(exchange.request.headers['content-type']);
  const body = await readRequestBody(exchange);
  return () => decodeBody(body, format, expected, context);
}

/** Reads, decodes and defaults the object a request carries. @throws ApiError */
export async function readObject(exchange: Exchange, expected: ExpectedKind, context: WriteContext): Promise<KubeObject> {
  return (await objectReader(exchange, expected, context))();
}
