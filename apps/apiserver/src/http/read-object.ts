import type { KubeObject } from '@navarch/api';
import { unsupportedMediaType } from '@navarch/apimachinery';
import { bodyFormat } from '../codec/body-format';
import type { KindCodec } from '../codec/kind-codec';
import type { Offload } from '../offload/offloaded-work';
import { parsedElsewhere } from '../offload/parsed-elsewhere';
import type { WriteContext } from '../registry/write-context';
import type { Exchange } from './exchange';
import { readBody } from './read-body';

function declaredLength(exchange: Exchange): number | undefined {
  const text = exchange.request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

export async function readRequestBody(exchange: Exchange): Promise<Buffer> {
  const body = await readBody(exchange.request, declaredLength(exchange));
  exchange.bytesRead = body.length;
  if (exchange.bodies) exchange.bodies.request = body;
  return body;
}

function sentOf({ metadata: { name, namespace, uid, resourceVersion } }: KubeObject): NonNullable<Exchange['sent']> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** Reads the body; each call of the answer decodes and defaults it anew. @throws ApiError */
export async function objectReader(exchange: Exchange, codec: KindCodec, context: WriteContext, offload: Offload): Promise<() => KubeObject> {
  const format = bodyFormat(exchange.request.headers['content-type']);
  if (codec.isCustom && format === 'protobuf') throw unsupportedMediaType(['application/json', 'application/yaml']);
  const body = await readRequestBody(exchange);
  const parsed = await parsedElsewhere(body, format, offload);
  const options = parsed ? { ...context, parsed } : context;
  return () => {
    const object = codec.decode(body, format, options);
    if (context.annotate) exchange.sent ??= sentOf(object);
    return object;
  };
}

/** Reads, decodes and defaults the object a request carries. @throws ApiError */
export async function readObject(exchange: Exchange, codec: KindCodec, context: WriteContext, offload: Offload): Promise<KubeObject> {
  return (await objectReader(exchange, codec, context, offload))();
}
