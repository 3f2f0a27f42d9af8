import fc from 'fast-check';
import { type JsonObject } from '../json';
import { typeOfKind } from '../testing/built-in-tables';
import { FieldSet, serverSideApply } from '.';
import { compareTyped } from './compare-typed';
import { ownable } from './ignored-fields';
import { formatPath, type PathElement } from './path-element';
import { toFieldSet } from './to-field-set';

const type = typeOfKind('apps/v1/Deployment');
const head = { apiVersion: 'apps/v1', kind: 'Deployment' };
const managers = ['a', 'b', 'c'] as const;

function apply(live: JsonObject | undefined, config: JsonObject, manager: string, force = true): JsonObject {
  return serverSideApply({ live, config: { ...head, ...config }, type, manager, apiVersion: 'apps/v1', force, now: 0 }).object;
}

/** What a manager owns according to the object. */
function ownedBy(object: JsonObject | undefined, manager: string): FieldSet {
  const entries = ((object?.['metadata'] as JsonObject | undefined)?.['managedFields'] ?? []) as unknown as { manager: string; fieldsV1: JsonObject }[];
  return FieldSet.fromFieldsV1(entries.find((entry) => entry.manager === manager)?.fieldsV1 ?? {});
}

const texts = (set: FieldSet): string[] => [...set.paths()].map(formatPath).sort();

/** Whether a set has a path, or anything in it. */
function reaches(set: FieldSet, path: readonly PathElement[]): boolean {
  for (const other of set.paths()) if (path.every((step, i) => other[i] === step)) return true;
  return false;
}

const word = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(word, fc.constantFrom('1', '2'), { minKeys: 1 });
const ports = fc.uniqueArray(
  fc.record({ containerPort: fc.integer({ min: 1, max: 2 }), protocol: fc.constantFrom('TCP', 'UDP'), name: word }, { requiredKeys: ['containerPort', 'protocol'] }),
  { selector: ({ containerPort, protocol }) => `${containerPort}${protocol}`, minLength: 1, maxLength: 3 },
);
const container = fc.record({ name: word, image: fc.constantFrom('1', '2'), args: fc.array(word, { minLength: 1 }), ports }, { requiredKeys: ['name'] });
/** With a map (labels), a set (finalizers), lists by key (containers, ports), and what is atomic (args, nodeSelector, tolerations). */
const config = fc.record({
  metadata: fc.record({ labels, finalizers: fc.uniqueArray(word, { minLength: 1 }) }, { requiredKeys: [] }),
  spec: fc.record({
    replicas: fc.integer({ min: 1, max: 2 }),
    template: fc.record({
      spec: fc.record({
        containers: fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1 }), nodeSelector: labels, tolerations: fc.array(fc.record({ key: word }), { minLength: 1, maxLength: 2 }),
      }, { requiredKeys: [] }),
    }),
  }, { requiredKeys: [] }),
}, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;
const step = fc.record({ config, manager: fc.constantFrom(...managers) });
const history = fc.array(step, { minLength: 1, maxLength: 5 });

interface Cause { readonly field: string; readonly message: string }

function conflictsOf(act: () => void): readonly Cause[] {
  try {
    act();
  } catch (error) {
    const { code, status } = error as { code: number; status: { details: { causes: Cause[] } } };
    expect(code).toBe(409);
    return status.details.causes;
  }
  return [];
}

const replay = (steps: readonly { config: JsonObject; manager: string }[]): JsonObject => {
  let live: JsonObject | undefined;
  for (const each of steps) live = apply(live, each.config, each.manager);
  return live ?? {};
};

describe('whatever several managers apply', () => {
  it('force takes exactly the fields that were in conflict', () => {
    fc.assert(fc.property(history, step, (steps, { config: next, manager }) => {
      const live = replay(steps);
      const conflicts = conflictsOf(() => void apply(live, next, manager, false));
      const forced = apply(live, next, manager);
      for (const other of managers.filter((each) => each !== manager)) {
        const lost = texts(ownedBy(live, other).difference(ownedBy(forced, other)));
        expect(lost).toEqual(conflicts.filter(({ message }) => message === `conflict with "${other}"`).map(({ field }) => field).sort());
        expect(ownedBy(forced, other).difference(ownedBy(live, other)).empty).toBe(true);
      }
      expect(ownedBy(forced, manager).equals(ownable(toFieldSet(next, type)))).toBe(true);
    }), { numRuns: 120 });
  });

  it('a field that is no longer named goes when nobody else owns it, and only then', () => {
    fc.assert(fc.property(history, config, config, fc.constantFrom(...managers), (steps, first, second, manager) => {
      const live = apply(replay(steps), first, manager);
      const after = apply(live, second, manager);
      const present = toFieldSet(after, type);
      for (const path of ownedBy(live, manager).difference(ownedBy(after, manager)).paths()) {
        // Every object has metadata: managedFields stand there.
        const kept = formatPath(path) === '.metadata' || managers.some((each) => reaches(ownedBy(after, each), path));
        expect([formatPath(path), reaches(present, path)]).toEqual([formatPath(path), kept]);
      }
    }), { numRuns: 120 });
  });

  it('every field of the object has an owner, and what is owned is there', () => {
    fc.assert(fc.property(history, (steps) => {
      const live = replay(steps);
      const { managedFields, ...metadata } = (live['metadata'] ?? {}) as JsonObject;
      const content = toFieldSet({ spec: live['spec'] ?? {}, metadata }, type);
      const owned = managers.map((each) => ownedBy(live, each)).reduce((all, each) => all.union(each));
      const nobodys = [...content.difference(owned).paths()].filter((path) => !reaches(owned, path)).map(formatPath);
      expect([nobodys.filter((path) => path !== '.spec' && path !== '.metadata'), Array.isArray(managedFields) || owned.empty]).toEqual([[], true]);
      for (const path of owned.paths()) expect([formatPath(path), reaches(content, path)]).toEqual([formatPath(path), true]);
    }), { numRuns: 100 });
  });

  it('a set holds each value once, with everything that anybody gave it', () => {
    fc.assert(fc.property(history, (steps) => {
      const finalizers = ((replay(steps)['metadata'] as JsonObject | undefined)?.['finalizers'] ?? []) as string[];
      const last = new Map(steps.map((each) => [each.manager, (each.config['metadata'] as JsonObject | undefined)?.['finalizers'] ?? []] as const));
      expect([...finalizers].sort()).toEqual([...new Set([...last.values()].flat() as string[])].sort());
    }), { numRuns: 100 });
  });

  it('what is atomic is as the last who forced it said', () => {
    fc.assert(fc.property(history, labels, (steps, nodeSelector) => {
      const next = apply(replay(steps), { spec: { template: { spec: { nodeSelector } } } }, 'a');
      expect(next).toMatchObject({ spec: { template: { spec: { nodeSelector } } } });
      expect(Object.keys((next as { spec: { template: { spec: { nodeSelector: object } } } }).spec.template.spec.nodeSelector).sort()).toEqual(Object.keys(nodeSelector).sort());
    }));
  });
});

describe('whatever two states an object has', () => {
  it('what is added on one way is removed on the other, and all above it in what is added is added', () => {
    fc.assert(fc.property(config, config, (before, after) => {
      const [there, back] = [compareTyped(before, after, type), compareTyped(after, before, type)];
      expect([texts(there.added), texts(there.removed), texts(there.modified)]).toEqual([texts(back.removed), texts(back.added), texts(back.modified)]);
      for (const path of there.added.paths()) {
        const item = path.findIndex((step) => step.startsWith('k:'));
        if (item < 0 || !there.added.has(path.slice(0, item + 1))) continue;
        for (let length = item + 1; length < path.length; length++) expect([formatPath(path.slice(0, length)), there.added.has(path.slice(0, length))]).toEqual([formatPath(path.slice(0, length)), true]);
      }
    }), { numRuns: 120 });
  });
});
