import * as fc from 'fast-check';
import { bookmarkSubject, changeFilter, changeSubject, encodeToken, heartbeatSubject } from './subjects';

/** How NATS matches a subject against a filter. */
function matches(filter: string, subject: string): boolean {
  const wanted = filter.split('.');
  const given = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return given.length > index;
    if (given[index] === undefined || (token !== '*' && token !== given[index])) return false;
  }
  return wanted.length === given.length;
}

const anyName = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }), fc.constantFrom('>', '*', 'a.b', 'system:node:x', 'x\r\nPUB y 1', ''));

describe('encodeToken', () => {
  it('yields one safe token of bounded length for any string', () => {
    fc.assert(fc.property(anyName, (name) => {
      const token = encodeToken(name);
      expect(token).toMatch(/^[A-Za-z0-9_=-]+$/);
      expect(token.length).toBeLessThanOrEqual(200);
    }));
  });

  it('never maps two names to one token, but for the placeholder of nothing', () => {
    fc.assert(fc.property(anyName, anyName, (a, b) => {
      // Lone surrogates become U+FFFD in UTF-8: equal bytes are equal names.
      const same = Buffer.from(a).equals(Buffer.from(b));
      const placeholders = new Set(['', '_']);
      if (!same && !(placeholders.has(a) && placeholders.has(b))) expect(encodeToken(a)).not.toBe(encodeToken(b));
    }));
  });

  it.each([
    ['web-1', 'web-1'],
    ['', '_'],
    ['kube-dns.v2', 'kube-dns=2Ev2'],
    ['system:node:n1', 'system=3Anode=3An1'],
    ['é', '=C3=A9'],
  ])('encodes %j as %j', (name, token) => {
    expect(encodeToken(name)).toBe(token);
  });
});

describe('subjects', () => {
  it('are six tokens for a change whatever the names hold, and match exactly the filters of its classes', () => {
    fc.assert(fc.property(anyName, anyName, anyName, anyName, anyName, (resource, node, otherNode, namespace, name) => {
      const subject = changeSubject({ group: 'g.example', resource, node, namespace, name });
      expect(subject.split('.')).toHaveLength(6);
      expect(matches(changeFilter({ group: 'g.example', resource }), subject)).toBe(true);
      const mine = encodeToken(node) === encodeToken(otherNode);
      expect(matches(changeFilter({ group: 'g.example', resource, node: otherNode }), subject)).toBe(mine);
    }));
  });

  it('name the core group and use placeholders', () => {
    expect(changeSubject({ group: '', resource: 'nodes', namespace: '', name: 'node-1' })).toBe('change.core.nodes._._.node-1');
    expect(changeSubject({ group: '', resource: 'pods', node: 'node-1', namespace: 'default', name: 'web' })).toBe('change.core.pods.node-1.default.web');
    expect(bookmarkSubject({ group: 'apps', resource: 'deployments' })).toBe('bookmark.apps.deployments._');
    expect(heartbeatSubject('node.1')).toBe('heartbeat.node=2E1');
  });
});
