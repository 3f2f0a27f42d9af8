import { type DecodedObject, DecodeError, type JsonObject } from '@navarch/apimachinery';
import type { BodyFormat } from '../codec/body-format';
import type { Offload } from './offloaded-work';
import { unpack } from './packed-json';

/** YAML takes a hundred times as long as JSON: some 2 ms for each KiB. */
const LARGE_YAML_BYTES = 16 * 1024;
const BRACE = 0x7b;

/** Gives the object of a body, anew each time. @throws DecodeError */
export type Parsed = () => DecodedObject;

/** Has a body read in another thread, where that pays: undefined where it does not. */
export async function parsedElsewhere(body: Buffer, format: BodyFormat, offload: Offload): Promise<Parsed | undefined> {
  // What starts with a brace is JSON, whatever it is called.
  if (format !== 'yaml' || body.length < LARGE_YAML_BYTES || body[0] === BRACE) return undefined;
  try {
    const { object, reports } = await offload.run('decodeYaml', { body });
    return () => ({ object: unpack<JsonObject>(object), reports });
  } catch (error) {
    if (!(error instanceof Error && error.name === DecodeError.name)) throw error;
    // Whoever reads the body knows how to say so.
    return () => {
      throw error;
    };
  }
}
