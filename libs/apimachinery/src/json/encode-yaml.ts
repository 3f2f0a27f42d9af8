import { stringify } from 'yaml';

/**
 * YAML as upstream writes it: members in order of their names, and in quotes whatever a reader of YAML 1.1 would take for something else
 * than a text, such as times, `yes` and `0x1`.
 */
export function yamlOf(value: unknown): string {
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, sortMapEntries: true, indentSeq: false, lineWidth: 0 });
}
