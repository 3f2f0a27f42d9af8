import { packModules, unpackModules } from './module-store';

describe('a module store', () => {
  const store = { paths: new Map([['/a\0./b', '/a/b.js']]), code: new Map([['/a/b.js', Buffer.from('code')], ['/é.js', Buffer.alloc(0)]]) };

  it('is read as it was written', () => {
    expect(unpackModules(packModules(store))).toEqual(store);
  });

  it('is refused when a part is missing', () => {
    const bytes = packModules(store);
    for (let length = 0; length < bytes.length; length++) expect(() => unpackModules(bytes.subarray(0, length))).toThrow();
  });
});
