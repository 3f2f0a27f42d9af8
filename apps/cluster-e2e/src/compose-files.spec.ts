import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { root } from './harness/cluster';

/** The Compose Specification's own schema, by which compose v2 reads its files; dclint brings a copy. */
function specification(): object {
  const path = join(root, 'node_modules/dclint/schemas/compose.schema.json');
  const { $schema, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as { $schema: string };
  expect($schema).toContain('draft-07'); // which Ajv takes for granted, under another address
  return schema;
}

const examples = 'examples';
const files = ['docker-compose.yml', ...readdirSync(join(root, examples), { recursive: true, encoding: 'utf8' }).filter((file) => /docker-compose\.[^/]*yml$/.test(file)).map((file) => join(examples, file))];

describe('files for compose, beside what docker-compose 1.29 says of them', () => {
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(specification());
  const errorsOf = (document: unknown): unknown => (validate(document) ? [] : validate.errors);

  it.each(files)('%s keeps to the Compose Specification', (file) => {
    expect(errorsOf(parse(readFileSync(join(root, file), 'utf8'), { merge: true, maxAliasCount: -1 }))).toEqual([]);
  });

  it('are held to it in earnest', () => {
    expect(errorsOf({ services: { web: { image: 'web', depend_on: ['db'] } } })).toMatchObject([{ instancePath: '/services/web', keyword: 'additionalProperties' }]);
  });
});
