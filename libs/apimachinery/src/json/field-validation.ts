import { badRequest, type ApiError } from '../errors';
import { goQuote } from '../text/go-quote';

/** What a client wants done about fields that are unknown or stand twice. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn';

/** Reads the query parameter; absent means Warn, as upstream has it since 1.27. Check it with validateWriteOptions first. */
export function fieldValidationOf(parameter: string | null | undefined): FieldValidation {
  return parameter === 'Ignore' || parameter === 'Strict' ? parameter : 'Warn';
}

/** The kind that a body says it is. */
export interface BodyKind {
  readonly version: string;
  readonly kind: string;
}

/**
 * Acts on what the decoder reported.
 * @returns texts for Warning headers
 * @throws ApiError BadRequest when the client wants to be strict
 */
export function enforceFieldValidation(mode: FieldValidation, reports: readonly string[], body: BodyKind, expectedKind: string): string[] {
  if (reports.length === 0 || mode === 'Ignore') return [];
  if (mode === 'Warn') return [...reports];
  throw cannotBeHandled(body, expectedKind, strictDecodingError(reports));
}

/** How upstream joins reports. */
export function strictDecodingError(reports: readonly string[]): string {
  const fields = reports.filter((report) => !isOfYaml(report));
  return `strict decoding error: ${(fields.length === reports.length ? fields : [yamlErrors(reports), ...fields]).join(', ')}`;
}

/** What stands twice in YAML is one error, of several lines. */
export function yamlErrors(reports: readonly string[]): string {
  return ['yaml: unmarshal errors:', ...reports.filter(isOfYaml)].join('\n  ');
}

/** A report of a field starts with what is wrong with it. */
function isOfYaml(report: string): boolean {
  return report.startsWith('line ');
}

/** A body that says its kind, but is not of its shape. */
export function cannotBeHandled({ kind, version }: BodyKind, expectedKind: string, why: string): ApiError {
  return badRequest(`${kind} in version ${goQuote(version)} cannot be handled as a ${expectedKind}: ${why}`);
}

/** A body that does not even say its kind. */
export function unrecognizedObject(expectedKind: string, why: string, body: Uint8Array): ApiError {
  return badRequest(`the object provided is unrecognized (must be of type ${expectedKind}): ${why} (${summarize(body)})`);
}

const summaryBytes = 30;

/** JSON as it is, anything else in hexadecimal. */
function summarize(body: Uint8Array): string {
  if (body.length === 0) return '<empty>';
  const head = Buffer.from(body.subarray(0, summaryBytes)).toString(body[0] === 0x7b ? 'utf8' : 'hex');
  return body.length > summaryBytes ? `${head} ...` : head;
}
