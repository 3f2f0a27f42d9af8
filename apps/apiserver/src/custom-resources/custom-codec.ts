import type { KubeObject } from '@navarch/api';
import {
  type ApiError,
  badRequest,
  cannotBeHandled,
  conformToType,
  DecodeError,
  decodeUntypedObject,
  enforceFieldValidation,
  exactJsonText,
  fieldErrors,
  goQuote,
  invalid,
  isJsonObject,
  type JsonObject,
  serializeUntyped,
  type StructType,
  unrecognizedObject,
} from '@navarch/apimachinery';
import type { CustomVersion } from '@navarch/custom-resources';
import type { BodyFormat } from '../codec/body-format';
import type { BodyOptions, ExpectedKind } from '../codec/decode-body';
import type { KindSource } from '../offload/kind-source';
import type { KindCodec } from '../codec/kind-codec';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads objects of one version of a custom kind: unknown fields go, defaults come. */
export class CustomCodec implements KindCodec {
  readonly isCustom = true;

  constructor(
    readonly kind: ExpectedKind,
    private readonly version: CustomVersion,
    readonly source: KindSource,
  ) {}

  get type(): StructType {
    return this.version.type;
  }

  decode(body: Buffer, format: BodyFormat, options: BodyOptions): KubeObject {
    const { object, reports } = this.parse(body, format, options.parsed);
    const apiVersion = `${this.kind.group}/${this.kind.version}`;
    this.settleKind(object, apiVersion, () => (format === 'json' ? body.toString('utf8').trim() : exactJsonText(object)));
    const named = { group: this.kind.group, version: this.kind.version, kind: textOf(object['kind']), apiVersion };
    let unknown: string[];
    try {
      unknown = this.conform(object);
    } catch (error) {
      if (error instanceof Error && error.name === DecodeError.name) throw cannotBeHandled(named, this.kind.kind, error.message);
      throw error;
    }
    for (const warning of enforceFieldValidation(options.fieldValidation, [...reports, ...unknown], named, this.kind.kind)) options.warn(warning);
    const result = object as unknown as KubeObject;
    this.applyDefaults(result);
    return result;
  }

  conform(document: JsonObject): string[] {
    const { metadata } = document;
    if (metadata !== undefined && metadata !== null && !isJsonObject(metadata)) {
      throw new DecodeError(
        `json: cannot unmarshal ${Array.isArray(metadata) ? 'array' : typeof metadata} into Go struct field .metadata of type v1.ObjectMeta`,
      );
    }
    const holder: StructType = { ...this.version.type, fields: new Map([...this.version.type.fields].filter(([name]) => name === 'metadata')), open: true };
    const reports = conformToType(document, holder);
    return [...reports, ...this.version.prune(document).map((path) => `unknown field ${goQuote(path)}`)];
  }

  applyDefaults(object: KubeObject): void {
    const document = object as unknown as JsonObject;
    // Validation refuses an object without a name; nobody needs to ask whether it has metadata.
    document['metadata'] ??= {};
    this.version.applyDefaults(document);
  }

  private parse(body: Buffer, format: BodyFormat, parsed: BodyOptions['parsed']): { object: JsonObject; reports: readonly string[] } {
    const text = format === 'yaml' ? 'yaml' : 'json';
    try {
      return parsed ? parsed() : decodeUntypedObject(body, text);
    } catch (error) {
      if (error instanceof Error && error.name === DecodeError.name) {
        throw unrecognizedObject(this.kind.kind, text === 'yaml' ? `error converting YAML to JSON: ${error.message}` : error.message, body);
      }
      throw error;
    }
  }

  /** What a patch has made says still what it is. @throws DecodeError when it names no kind; invalid, as `ValidateTypeMeta` of upstream's customresource strategy */
  requireKind(document: JsonObject): void {
    const [kind, apiVersion, wanted] = [textOf(document['kind']), textOf(document['apiVersion']), `${this.kind.group}/${this.kind.version}`];
    if (kind === '') throw new DecodeError(`Object 'Kind' is missing in '${serializeUntyped(document)}'`);
    const name = isJsonObject(document['metadata']) ? textOf(document['metadata']['name']) : '';
    const refused = (field: string, given: string, expected: string): ApiError =>
      invalid({ group: this.kind.group, kind: this.kind.kind }, name, [fieldErrors.invalid(field, given, `must be ${expected}`)]);
    if (kind !== this.kind.kind) throw refused('kind', kind, this.kind.kind);
    if (apiVersion !== wanted) throw refused('apiVersion', apiVersion, wanted);
  }

  /** Unlike an object of a built-in kind, one without a Go type must say itself what it is (`unstructuredJSONScheme`). */
  private settleKind(object: JsonObject, apiVersion: string, shown: () => string): void {
    const given = textOf(object['apiVersion']);
    if (textOf(object['kind']) === '') throw cannotBeHandled(this.kind, this.kind.kind, `Object 'Kind' is missing in '${shown()}'`);
    if (given !== apiVersion) throw badRequest(`the API version in the data (${given}) does not match the expected API version (${apiVersion})`);
    this.requireKind(object);
  }
}
