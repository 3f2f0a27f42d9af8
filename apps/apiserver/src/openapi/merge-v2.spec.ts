import { mergeOpenApiV2 } from './merge-v2';

const schema = (ref: string) => ({ get: { responses: { 200: { schema: { $ref: `#/definitions/${ref}` } } } } });

it('takes over the paths of a group, with what they need and nothing else', () => {
  const own = { swagger: '2.0', paths: { '/api': schema('Meta') }, definitions: { Meta: { type: 'object' } } };
  const other = {
    swagger: '2.0', paths: { '/apis/fleet/v1/ships': schema('Ship'), '/apis/fleet/v10/ships': schema('Other'), '/healthz': schema('Other') },
    definitions: { Ship: { properties: { metadata: { $ref: '#/definitions/Meta' }, parts: { type: 'array', items: { $ref: '#/definitions/Ship' } } } }, Meta: { type: 'object' }, Other: {} },
  };
  const merged = mergeOpenApiV2(own, other, 'fleet/v1');
  expect(Object.keys(merged['paths'] as object)).toEqual(['/api', '/apis/fleet/v1/ships']);
  expect(merged['definitions']).toEqual({ Meta: { type: 'object' }, Ship: other.definitions.Ship });
});

it('keeps its own definition, and gives another one of that name another name', () => {
  const own = { paths: {}, definitions: { Meta: { type: 'object' } } };
  const other = { paths: { '/apis/fleet/v1/ships': schema('Ship') }, definitions: { Ship: { properties: { metadata: { $ref: '#/definitions/Meta' } } }, Meta: { type: 'object', description: 'newer' } } };
  expect(mergeOpenApiV2(own, other, 'fleet/v1')).toEqual({
    paths: { '/apis/fleet/v1/ships': schema('Ship') },
    definitions: { Meta: { type: 'object' }, Meta_v2: { type: 'object', description: 'newer' }, Ship: { properties: { metadata: { $ref: '#/definitions/Meta_v2' } } } },
  });
});

it('lets nobody take over a path that is served here', () => {
  const own = { paths: { '/apis/fleet/v1/ships': schema('A') }, definitions: { A: {} } };
  expect(mergeOpenApiV2(own, { paths: { '/apis/fleet/v1/ships': schema('B') }, definitions: { B: {} } }, 'fleet/v1')).toEqual(own);
});
