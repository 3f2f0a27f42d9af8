import fc from 'fast-check';
import { conformToType, equalJson, isJsonObject, type JsonObject } from '../json';
import { catalog } from '../testing/built-in-tables';
import { deployment, now, head, apply } from '../testing/applied-deployment';

describe('whatever is applied', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const labels = fc.dictionary(name, fc.constantFrom('1', '2'));
  const container = fc.record({ name, image: fc.constantFrom('1', '2'), args: fc.array(name) }, { requiredKeys: ['name'] });
  const config = fc.record({
    metadata: fc.record({ labels }, { requiredKeys: [] }),
    spec: fc.record({
      replicas: fc.integer({ min: 1, max: 3 }), paused: fc.boolean(),
      template: fc.record({ spec: fc.record({ containers: fc.uniqueArray(container, { selector: (each) => each.name, minLength: 1 }), nodeSelector: labels }, { requiredKeys: [] }) }),
    }, { requiredKeys: [] }),
  }, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

  it('is idempotent, leaves the configuration in the object, and nothing that nobody owns', () => {
    fc.assert(fc.property(fc.array(fc.record({ config, manager: name }), { minLength: 1, maxLength: 6 }), (steps) => {
      let live: JsonObject | undefined;
      for (const step of steps) {
        live = apply(live, step.config, step.manager, { force: true }).object;
        expect(apply(live, step.config, step.manager, { force: true, now: now + 1e6 }).changed).toBe(false);
        expect(containsAll(live, step.config)).toBe(true);
      }
      // When each manager applies nothing, nothing is left.
      for (const manager of ['a', 'b', 'c']) live = apply(live, {}, manager, { force: true }).object;
      expect(conformed(live)).toEqual(head);
    }), { numRuns: 200 });
  });

  it('never loses what another manager has applied: who would take it is refused', () => {
    fc.assert(fc.property(fc.array(fc.record({ config, manager: name }), { minLength: 2, maxLength: 8 }), (steps) => {
      let live: JsonObject | undefined;
      const applied = new Map<string, JsonObject>();
      for (const step of steps) {
        try {
          live = apply(live, step.config, step.manager).object;
          applied.set(step.manager, step.config);
        } catch (error) {
          expect(error).toMatchObject({ code: 409 });
        }
        for (const mine of applied.values()) expect(containsAll(live, mine)).toBe(true);
      }
    }), { numRuns: 300 });
  });

  it('by one manager alone equals its configuration', () => {
    fc.assert(fc.property(config, config, (first, second) => {
      const live = apply(apply(undefined, first, 'a').object, second, 'a').object;
      expect(conformed(live)).toEqual(conformed({ ...head, ...second }));
    }));
  });
});

/** Without managedFields and what Go omits, to compare content only. */
function conformed(object: JsonObject | undefined): JsonObject {
  const copy = JSON.parse(JSON.stringify(object ?? {})) as JsonObject;
  if (isJsonObject(copy['metadata'])) delete copy['metadata']['managedFields'];
  conformToType(copy, catalog.typeOfKind('apps', 'v1', 'Deployment') ?? deployment);
  return dropEmpty(copy);
}

function dropEmpty(object: JsonObject): JsonObject {
  for (const [key, value] of Object.entries(object)) if (isJsonObject(value) && Object.keys(dropEmpty(value)).length === 0) delete object[key];
  return object;
}

/** Whether every leaf of the configuration has its value in the object. */
function containsAll(object: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return part.every((item: unknown) => Array.isArray(object) && object.some((each: unknown) => (isJsonObject(item) ? isJsonObject(each) && each['name'] === item['name'] && containsAll(each, item) : each === item)));
  }
  if (isJsonObject(part)) return isJsonObject(object) && Object.keys(part).every((key) => containsAll(object[key], part[key]));
  return equalJson(object as never, part as never);
}
