import { goQuote, textFormatOf } from '@navarch/apimachinery';
import type { apiextensionsv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { versionParts } from './version-parts';

// Mirrors getUnrecognizedFormatsInCRD of staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go.

type Definition = Loose<apiextensionsv1.CustomResourceDefinition>;

const OF_NUMBERS: Readonly<Record<string, readonly string[]>> = { integer: ['int32', 'int64'], number: ['float', 'double'] };

function isKnown(format: string, type: unknown): boolean {
  if (type === undefined || type === '' || type === 'string') return textFormatOf(format) !== undefined;
  return typeof type === 'string' && (OF_NUMBERS[type]?.includes(format) ?? false);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const schemasIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const valuesIn = (value: unknown): readonly unknown[] => (isObject(value) ? Object.values(value) : []);

function unknownFormats(schema: unknown): string[] {
  if (!isObject(schema)) return [];
  const { format, type, items, properties, additionalProperties, allOf, anyOf, oneOf, not } = schema;
  const own = typeof format === 'string' && format !== '' && !isKnown(format, type) ? [format] : [];
  const below = [items, additionalProperties, not, ...schemasIn(allOf), ...schemasIn(anyOf), ...schemasIn(oneOf), ...valuesIn(properties)];
  return [...own, ...below.flatMap(unknownFormats)];
}

const formatsIn = ({ spec }: Definition): string[] => versionParts(list(spec?.versions), 'schema').flatMap(({ version }) => unknownFormats(version.schema?.openAPIV3Schema));

/** What the author of a definition should know: formats that nobody checks. Those that were there before are known to be so. */
export function formatWarnings(definition: Definition, old: Definition | undefined): string[] {
  const before = new Set(old ? formatsIn(old) : []);
  return formatsIn(definition).filter((format) => !before.has(format)).map((format) => `unrecognized format ${goQuote(format)}`);
}
