import { isMap, isNode, isScalar, isSeq, type LineCounter } from 'yaml';
import { goQuote } from '../text/go-quote';

/** Keys that stand twice in a mapping, in the words of upstream's YAML reader: it names the line of the value. */
export function duplicateKeys(node: unknown, lines: LineCounter): string[] {
  const found: string[] = [];
  collect(node, lines, found);
  return found;
}

function collect(node: unknown, lines: LineCounter, found: string[]): void {
  if (isSeq(node)) for (const item of node.items) collect(item, lines, found);
  if (!isMap(node)) return;
  const keys = new Set<unknown>();
  for (const { key, value } of node.items) {
    collect(value, lines, found);
    if (!isScalar(key)) continue;
    if (keys.has(key.value)) {
      const [offset = 0] = (isNode(value) ? value.range : key.range) ?? [];
      found.push(`line ${lines.linePos(offset).line}: key ${typeof key.value === 'string' ? goQuote(key.value) : String(key.value)} already set in map`);
    }
    keys.add(key.value);
  }
}
