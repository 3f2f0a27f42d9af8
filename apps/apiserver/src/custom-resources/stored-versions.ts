import { createHash } from 'node:crypto';

/** Room for the generation of the definition, beside the version, in the number that is recorded with stored bytes. */
const GENERATIONS = 2 ** 20;

function markOf(version: string): number {
  return createHash('sha256').update(version).digest().readUInt32BE() % 2 ** 28;
}

/** What is recorded with stored bytes: the version they are of, and the generation of the definition that wrote them. */
export function storedGeneration(version: string, generation: number): number {
  return markOf(version) * GENERATIONS + (generation % GENERATIONS);
}

/** The version that stored bytes are of; undefined when it is none of these. */
export function storedVersion(recorded: number, versions: readonly string[]): string | undefined {
  const mark = Math.floor(recorded / GENERATIONS);
  return versions.find((version) => markOf(version) === mark);
}
