import { compile, CompileError, EvalError, CostExceeded, fromJson, type Program, toJson, types, variables, type CelType } from '@navarch/cel';
import type { JsonValue } from '@navarch/apimachinery';
import type { JWTPayload } from 'jose';
import type { User } from '../../pipeline';
import type { ClaimOrExpression, JwtIssuer } from './jwt-issuer';

const CLAIMS = variables({ claims: types.map(types.string, types.dyn) });
const USER = variables({
  user: types.object('kubernetes.UserInfo', {
    username: types.string,
    uid: types.string,
    groups: types.list(types.string),
    extra: types.map(types.string, types.list(types.string)),
  }),
});

/** An issuer with its expressions ready. */
export interface CompiledIssuer {
  readonly issuer: JwtIssuer;
  /** The user that a verified token stands for. @throws Error that says which rule it breaks: for logs, not for clients */
  readonly userOf: (claims: JWTPayload) => User;
}

type Environment = typeof CLAIMS;

/** Which token it was, by its own id: so that audit tells of it. */
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

function compiled(expression: string, path: string, declarations: Environment, results: readonly CelType['kind'][]): Program {
  try {
    return compile(expression, { declarations, results });
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new Error(`${path}: Invalid value: ${JSON.stringify(expression)}: compilation failed: ${error.message}`, { cause: error });
  }
}

function evaluated(program: Program, value: JsonValue, name: string): JsonValue {
  try {
    return toJson(program.evaluate((variable) => (variable === name ? fromJson(value) : undefined)).value);
  } catch (error) {
    if (error instanceof EvalError || error instanceof CostExceeded) throw new Error(`oidc: error evaluating expression '${program.source}': ${error.message}`, { cause: error });
    throw error;
  }
}

/** A text, or texts; nothing for what is null or empty. @throws for anything else */
function textsOf(value: JsonValue | undefined, what: string): string[] {
  if (value === undefined || value === null || value === '') return [];
  const all = Array.isArray(value) ? value : [value];
  return all.map((one) => {
    if (typeof one !== 'string') throw new Error(`oidc: ${what} is neither a string nor a list of strings`);
    return one;
  });
}

function textOf(value: JsonValue | undefined, what: string): string {
  if (typeof value !== 'string') throw new Error(`oidc: ${what} is no string`);
  return value;
}

type Claims = Readonly<Record<string, JsonValue | undefined>>;
type Mapping = (claims: Claims) => JsonValue | undefined;

function mapping(from: ClaimOrExpression | { readonly claim: string }, path: string, results: readonly CelType['kind'][]): { readonly value: Mapping; readonly program: Program | undefined } {
  if ('claim' in from) return { value: (claims) => claims[from.claim], program: undefined };
  const program = compiled(from.expression, `${path}.expression`, CLAIMS, results);
  return { value: (claims) => evaluated(program, claims as JsonValue, 'claims'), program };
}

const prefixOf = (from: ClaimOrExpression): string => ('claim' in from ? from.prefix : '');

/** Who uses an address must see to it that it was verified. */
function requireVerifiedEmail(issuer: JwtIssuer, path: string): void {
  const { username, extra, claimRules } = issuer;
  if (!('expression' in username) || !/\bclaims\.email\b|\bclaims\[["']email["']\]/.test(username.expression)) return;
  const texts = [username.expression, ...extra.map(({ expression }) => expression), ...claimRules.flatMap((rule) => ('expression' in rule ? [rule.expression] : []))];
  if (texts.some((text) => text.includes('email_verified'))) return;
  throw new Error(
    `${path}.claimMappings.username.expression: Invalid value: ${JSON.stringify(username.expression)}: claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression`,
  );
}

/** @param path of the issuer's entry, for errors. @throws for expressions that do not compile */
export function compileIssuer(issuer: JwtIssuer, path: string): CompiledIssuer {
  const at = `${path}.claimMappings`;
  const username = mapping(issuer.username, `${at}.username`, ['string']);
  const groups = issuer.groups && mapping(issuer.groups, `${at}.groups`, ['string', 'list']);
  const uid = issuer.uid && mapping(issuer.uid, `${at}.uid`, ['string']);
  const extra = issuer.extra.map(({ key, expression }, i) => ({ key, program: compiled(expression, `${at}.extra[${i}].valueExpression`, CLAIMS, ['string', 'list', 'null']) }));
  const claimRules = issuer.claimRules.map((rule, i) => ('claim' in rule ? rule : { ...rule, program: compiled(rule.expression, `${path}.claimValidationRules[${i}].expression`, CLAIMS, ['bool']) }));
  const userRules = issuer.userRules.map((rule, i) => ({ ...rule, program: compiled(rule.expression, `${path}.userValidationRules[${i}].expression`, USER, ['bool']) }));
  requireVerifiedEmail(issuer, path);

  const checkClaims = (claims: Claims): void => {
    for (const rule of claimRules) {
      if ('claim' in rule) {
        const value = claims[rule.claim];
        if (value === undefined) throw new Error(`oidc: required claim ${rule.claim} not present in ID token`);
        if (value !== rule.requiredValue) {
          throw new Error(`oidc: required claim ${rule.claim} value does not match. Got = ${JSON.stringify(value)}, want = ${rule.requiredValue}`);
        }
      } else if (evaluated(rule.program, claims as JsonValue, 'claims') !== true) {
        throw new Error(`oidc: error evaluating claim validation expression: validation expression '${rule.expression}' failed: ${rule.message}`);
      }
    }
  };
  const nameOf = (claims: Claims): string => {
    const found = textOf(username.value(claims), 'the username');
    if ('claim' in issuer.username && issuer.username.claim === 'email' && claims['email_verified'] !== undefined && claims['email_verified'] !== true) throw new Error('oidc: email not verified');
    // A claim may be an empty name, as it always might; an expression may not (plugin/pkg/authenticator/token/oidc/oidc.go).
    if (found === '' && !('claim' in issuer.username)) throw new Error('oidc: empty username via CEL expression is not allowed');
    return `${prefixOf(issuer.username)}${found}`;
  };
  const extraOf = (claims: Claims): Record<string, string[]> => {
    const { jti } = claims;
    const found: Record<string, string[]> = typeof jti === 'string' && jti !== '' ? { [CREDENTIAL_ID]: [`JTI=${jti}`] } : {};
    for (const { key, program } of extra) {
      const values = textsOf(evaluated(program, claims as JsonValue, 'claims'), `extra ${key}`);
      if (values.length > 0) found[key] = values;
    }
    return found;
  };

  return {
    issuer,
    userOf: (payload) => {
      const claims = payload as Claims;
      checkClaims(claims);
      const name = nameOf(claims);
      const groupPrefix = issuer.groups ? prefixOf(issuer.groups) : '';
      const groupNames = textsOf(groups?.value(claims), 'groups').map((group) => `${groupPrefix}${group}`);
      const id = uid && textOf(uid.value(claims), 'the uid');
      const more = extraOf(claims);
      const user: User = { name, groups: groupNames, ...(id === undefined || id === '' ? {} : { uid: id }), ...(Object.keys(more).length === 0 ? {} : { extra: more }) };
      const shown: JsonValue = { username: name, uid: id ?? '', groups: groupNames, extra: more };
      for (const { program, expression, message } of userRules)
        if (evaluated(program, shown, 'user') !== true) {
          throw new Error(`oidc: error evaluating user info validation rule: validation expression '${expression}' failed: ${message}`);
        }
      return user;
    },
  };
}
