import type { AuthenticationRequest, Authenticator, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';
import { bearerToken } from './bearer-token';

/** Fields of one line of CSV, of which those with a comma stand in quotes, where two quotes are one. */
function fieldsOf(line: string): string[] {
  return [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.trim() ?? '');
}

/** Bearer tokens of a file, as it was at the start: `token,name,uid,"group1,group2"` (`--token-auth-file`). */
export class StaticTokenAuthenticator implements Authenticator {
  readonly name = 'token-auth-file';
  readonly #users = new Map<string, User>();

  /** @throws Error for a line that names nobody */
  constructor(csv: string, file: string) {
    for (const line of csv.split(/\r?\n/)) {
      if (line.trim() === '') continue;
      const fields = fieldsOf(line);
      if (fields.length < 3) throw new Error(`token file '${file}' must have at least 3 columns (token, user name, user uid), found ${fields.length}`);
      const [token = '', name = '', uid = '', groups = ''] = fields;
      if (token !== '') this.#users.set(token, { name, uid, groups: [...groups.split(',').map((group) => group.trim()).filter((group) => group !== ''), GROUP_AUTHENTICATED] });
    }
  }

  authenticate(request: AuthenticationRequest): User | undefined {
    const token = bearerToken(request);
    return token === undefined ? undefined : this.#users.get(token);
  }
}
