import { readFileSync } from 'node:fs';
import { decodeYaml, DecodeError, isJsonObject, type JsonObject } from '@navarch/apimachinery';
import { FlagError } from '../parse-flags';
import { settingsOf, type ConfigurationKind } from './configuration-kind';

/**
 * A configuration file of this kind, YAML or JSON, that makes sense by itself.
 * @param what names the file in errors
 * @throws FlagError
 */
export function readConfiguration(of: ConfigurationKind, path: string, what = 'config'): JsonObject {
  const failed = (why: string): FlagError => new FlagError(`failed to load ${of.component} ${what} file, path: ${path}, error: ${why}`);
  const document = readFile(path, failed);
  if (!isJsonObject(document)) throw failed('must be an object');
  try {
    settingsOf(of, document);
  } catch (error) {
    if (error instanceof FlagError) throw failed(error.message);
    throw error;
  }
  return document;
}

function readFile(path: string, failed: (why: string) => FlagError): unknown {
  try {
    const { value, duplicates } = decodeYaml(readFileSync(path));
    if (duplicates[0] !== undefined) throw failed(`strict decoding error: yaml: ${duplicates[0]}`);
    return value;
  } catch (error) {
    if (error instanceof DecodeError || (error as NodeJS.ErrnoException).code !== undefined) throw failed((error as Error).message);
    throw error;
  }
}
