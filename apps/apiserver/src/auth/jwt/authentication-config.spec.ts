import { stringify } from 'yaml';
import { type AuthenticationConfig, parseAuthenticationConfig } from './authentication-config';

const issuer = (over: object = {}, more: object = {}) => ({ issuer: { url: 'https://issuer', audiences: ['navarch'], ...over }, claimMappings: { username: { claim: 'sub', prefix: '' } }, ...more });
const parsed = (...jwt: object[]): AuthenticationConfig => parseAuthenticationConfig(stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt }), ['https://own']);
const userOf = (claims: object, claimMappings: object, more: object = {}) => {
  const [only] = parsed(issuer({}, { claimMappings, ...more })).issuers;
  return only?.userOf(claims as never);
};

it('makes users of claims', () => {
  expect(userOf({ sub: 'jane', groups: ['a', 'b'], id: 'u1' }, { username: { claim: 'sub', prefix: 'x:' }, groups: { claim: 'groups', prefix: 'g:' }, uid: { claim: 'id' } })).toEqual({ name: 'x:jane', groups: ['g:a', 'g:b'], uid: 'u1' });
  expect(userOf({ sub: 'jane', groups: 'a' }, { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } })).toEqual({ name: 'jane', groups: ['a'] });
});

it.each(['v1', 'v1beta1', 'v1alpha1'])('reads files of %s', (version) => {
  const file = (apiVersion: string): string => stringify({ apiVersion, kind: 'AuthenticationConfiguration', jwt: [issuer()] });
  expect(parseAuthenticationConfig(file(`apiserver.config.k8s.io/${version}`), []).issuers).toHaveLength(1);
  for (const other of [version, `apiserver.config.k8s.io/${version}0`]) expect(() => parseAuthenticationConfig(file(other), [])).toThrow(`no kind "AuthenticationConfiguration" is registered for version "${other}"`);
});

it('takes what is empty for what is not there', () => {
  const empty = { discoveryURL: '', certificateAuthority: '', egressSelectorType: '' };
  expect(parsed(issuer(empty)).issuers.map(({ issuer: one }) => one)).toEqual(parsed(issuer()).issuers.map(({ issuer: one }) => one));
});

it('makes users by expressions', () => {
  expect(userOf({ name: 'jane', org: { id: 'acme' }, roles: 'admin,dev', level: 3 }, {
    username: { expression: 'claims.org.id + ":" + claims.name' }, groups: { expression: 'claims.roles.split(",")' }, uid: { expression: 'claims.name + "-id"' },
    extra: [{ key: 'example.com/org', valueExpression: 'claims.org.id' }, { key: 'example.com/none', valueExpression: 'has(claims.nothing) ? claims.nothing : ""' }, { key: 'example.com/levels', valueExpression: '[string(claims.level), "x"]' }],
  })).toEqual({ name: 'acme:jane', groups: ['admin', 'dev'], uid: 'jane-id', extra: { 'example.com/org': ['acme'], 'example.com/levels': ['3', 'x'] } });
});

const named = { username: { claim: 'sub', prefix: '' } };
it.each<{ what: string; claims: object; mappings?: object; more?: object; says: string }>([
  { what: 'a claim with another value', claims: { sub: 'jane', hd: 'b' }, more: { claimValidationRules: [{ claim: 'hd', requiredValue: 'a' }] }, says: 'oidc: required claim hd value does not match' },
  { what: 'a missing claim', claims: { sub: 'jane' }, more: { claimValidationRules: [{ claim: 'hd', requiredValue: 'a' }] }, says: 'oidc: required claim hd not present in ID token' },
  { what: 'a rule about claims', claims: { sub: 'jane', exp: 10, iat: 1 }, more: { claimValidationRules: [{ expression: 'claims.exp - claims.iat <= 5', message: 'lives too long' }] }, says: 'lives too long' },
  { what: 'a rule about the user', claims: { sub: 'system:admin' }, more: { userValidationRules: [{ expression: '!user.username.startsWith("system:")', message: 'reserved' }] }, says: 'reserved' },
  { what: 'no name', claims: {}, says: 'oidc: the username is no string' },
  { what: 'an address that nobody has verified', claims: { email: 'a@b', email_verified: false }, mappings: { username: { claim: 'email', prefix: '' } }, says: 'oidc: email not verified' },
  { what: 'an empty name of an expression', claims: { sub: '' }, mappings: { username: { expression: 'claims.sub' } }, says: 'oidc: empty username via CEL expression is not allowed' },
  { what: 'an expression that fails', claims: { sub: 'jane' }, mappings: { username: { expression: 'claims.missing' } }, says: 'error evaluating expression' },
  { what: 'groups of another type', claims: { sub: 'jane', groups: [1] }, mappings: { ...named, groups: { claim: 'groups', prefix: '' } }, says: 'neither a string nor a list of strings' },
])('refuses $what', ({ claims, mappings = named, more = {}, says }) => {
  expect(() => userOf(claims, mappings, more)).toThrow(says);
});

it.each<{ what: string; jwt: object[]; says: string }>([
  { what: 'an issuer in the clear', jwt: [issuer({ url: 'http://issuer' })], says: 'jwt[0].issuer.url: Invalid value: "http://issuer": URL scheme must be https' },
  { what: 'this server itself', jwt: [issuer({ url: 'https://own' })], says: 'jwt[0].issuer.url: Invalid value: "https://own": URL must not overlap with disallowed issuers: [https://own]' },
  { what: 'an issuer twice', jwt: [issuer(), issuer()], says: 'jwt[1].issuer.url: Duplicate value: "https://issuer"' },
  { what: 'no audience', jwt: [issuer({ audiences: [] })], says: 'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required' },
  { what: 'another word on one audience', jwt: [issuer({ audienceMatchPolicy: 'All' })], says: 'jwt[0].issuer.audienceMatchPolicy: Invalid value: "All": audienceMatchPolicy must be empty or MatchAny for single audience' },
  { what: 'another way out', jwt: [issuer({ egressSelectorType: 'etcd' })], says: 'jwt[0].issuer.egressSelectorType: Invalid value: "etcd": egress selector must be either controlplane or cluster' },
  { what: 'a claim in two rules', jwt: [issuer({}, { claimValidationRules: [{ expression: 'true' }, { claim: 'a', requiredValue: 'b' }, { claim: 'a', requiredValue: 'c' }] })], says: 'jwt[0].claimValidationRules[2].claim: Duplicate value: "a"' },
  { what: 'many audiences without a word', jwt: [issuer({ audiences: ['a', 'b'] })], says: 'audienceMatchPolicy must be MatchAny for multiple audiences' },
  { what: 'a name by two ways', jwt: [issuer({}, { claimMappings: { username: { claim: 'sub', prefix: '', expression: 'claims.sub' } } })], says: 'claim and expression can\'t both be set' },
  { what: 'a prefix of an expression', jwt: [issuer({}, { claimMappings: { username: { expression: '"a"', prefix: '' } } })], says: 'jwt[0].claimMappings.username.prefix: Invalid value: ""' },
  { what: 'a claim without a prefix', jwt: [issuer({}, { claimMappings: { username: { claim: 'sub' } } })], says: 'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing' },
  { what: 'an expression of another type', jwt: [issuer({}, { claimMappings: { username: { expression: '1 + 1' } } })], says: 'jwt[0].claimMappings.username.expression: Invalid value: "1 + 1"' },
  { what: 'an address that need not be verified', jwt: [issuer({}, { claimMappings: { username: { expression: 'claims.email' } } })], says: 'claims.email_verified must be used in' },
  { what: 'an extra of Kubernetes', jwt: [issuer({}, { claimMappings: { ...named, extra: [{ key: 'node.k8s.io/x', valueExpression: 'claims.sub' }] } })], says: 'are reserved for Kubernetes use' },
  { what: 'an extra twice', jwt: [issuer({}, { claimMappings: { ...named, extra: [{ key: 'a.b/x', valueExpression: 'claims.sub' }, { key: 'a.b/x', valueExpression: '"y"' }] } })], says: 'jwt[0].claimMappings.extra[1].key: Duplicate value: "a.b/x"' },
  { what: 'a field that is not known', jwt: [issuer({ uri: 'x' })], says: 'strict decoding error: unknown field "jwt[0].issuer.uri"' },
])('does not start with $what', ({ jwt, says }) => {
  expect(() => parsed(...jwt)).toThrow(says);
});

it('takes an issuer of users without groups and uid', () => {
  expect(userOf({ sub: 'jane', groups: ['a'] }, { ...named, groups: {}, uid: {} })).toEqual({ name: 'jane', groups: [] });
});

it('takes an issuer by the way out that it names', () => {
  for (const egressSelectorType of ['cluster', 'controlplane']) expect(parsed(issuer({ egressSelectorType })).issuers).toHaveLength(1);
});

it('says where nobody need say who they are', () => {
  const of = (anonymous: object) => parseAuthenticationConfig(stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', anonymous }), []).anonymous;
  expect(of({ enabled: true, conditions: [{ path: '/livez' }] })).toEqual({ enabled: true, paths: ['/livez'] });
  expect(of({ enabled: false })).toEqual({ enabled: false, paths: [] });
  expect(() => of({ enabled: false, conditions: [{ path: '/livez' }] })).toThrow('enabled should be set to true when conditions are defined');
});
