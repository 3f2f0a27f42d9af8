import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, TestCluster } from './harness/cluster';
import { must, run, type Output } from './harness/shell';

jest.setTimeout(120_000);

const nobody = 65_534;
const scratch = mkdtempSync(join(tmpdir(), 'navarch-launcher-'));
const main = 'apps/navarch/dist/main.js';

/** What the launcher says where it cannot do what it is asked. */
describe('the launcher', () => {
  const cluster = new TestCluster('e2e-refused', ['--runtime', 'simulated']);
  let server: Server;

  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.close();
    await cluster.down('--purge');
    rmSync(scratch, { recursive: true, force: true });
  });

  const launch = (command: string, ...args: string[]): Promise<Output> => run(process.execPath, [join(root, main), command, ...args]);

  it('names the owner of a port that is in use', async () => {
    const { port } = server.address() as { port: number };
    const refused = await launch('up', '--name', cluster.name, '--runtime', 'simulated', '--api-port', String(port));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`port ${port} is in use by \\S+ \\(pid ${process.pid}\\); stop it, or choose another with --api-port`));
    expect(existsSync(join(root, '.navarch', cluster.name))).toBe(false);
  });

  it.each([
    { args: ['up', '--nodes', 'many'], says: 'a whole number is wanted' },
    { args: ['up', '--runtime', 'docker'], says: 'Allowed choices are containerd, simulated' },
    { args: ['up', '--name', 'No_Name'], says: 'lower-case letters, digits and dashes' },
    { args: ['up', '--name', 'e2e-refused', '--runtime', 'simulated', '--flag', 'nonsense'], says: '--flag: "nonsense" is not process:--flag=value' },
    { args: ['up', '--name', 'e2e-refused', '--runtime', 'containerd', '--nodes', '900'], says: 'at most 117 real nodes' },
    { args: ['down', '--all'], says: "unknown option '--all'" },
    { args: ['image-load', '--name', 'e2e-refused', '/etc/hostname'], says: 'there is no cluster "e2e-refused"' },
    { args: ['status', '--name', 'e2e-refused'], says: 'npm run up -- --name e2e-refused makes it' },
    { args: ['sink'], says: "unknown command 'sink'" },
  ])('says what is wrong with $args', async ({ args, says }) => {
    const [command = '', ...rest] = args;
    const { code, stdout, stderr } = await launch(command, ...rest);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(says);
  });

  it('tells of options that npm kept to itself', async () => {
    const { code, stderr } = await run('npm', ['--prefix', root, 'run', 'up', '--nodes', '3']);
    expect(code).toBe(1);
    expect(stderr).toContain('npm run up -- --nodes 3');
  });

  it('shows what a process that cannot start complains of', async () => {
    const failed = await launch('up', '--name', cluster.name, '--runtime', 'simulated', '--nodes', '1', '--flag', 'scheduler:--no-such-flag=1');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/scheduler is not well: .*\n +.*no-such-flag.*\n +log: .*scheduler\.log/);
    expect(failed.stderr).toContain(`npm run down -- --name ${cluster.name} stops them`);
    const doctor = await launch('doctor', '--name', cluster.name);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/bad .*scheduler: restarting/);
    expect((await launch('status', '--name', cluster.name)).code).toBe(1);
    expect((await launch('down', '--name', cluster.name, '--purge')).code).toBe(0);
    expect(existsSync(`/run/navarch/${cluster.name}`)).toBe(false);
  });

  describe('without root', () => {
    // A clone that this user can reach, wherever the tests' own is.
    const clone = join(scratch, 'clone');
    const home = join(scratch, 'home');
    const asNobody = (args: readonly string[], env: Record<string, string> = {}): Promise<Output> =>
      run('setpriv', ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', 'env', '-C', home, ...Object.entries({ HOME: home, XDG_RUNTIME_DIR: '', ...env }).map(([name, value]) => `${name}=${value}`), process.execPath, join(clone, main), ...args], { timeoutMs: 90_000 });

    beforeAll(async () => {
      mkdirSync(clone);
      mkdirSync(home);
      chmodSync(scratch, 0o755);
      chownSync(home, nobody, nobody);
      await must('mount', ['--bind', root, clone]);
    });
    afterAll(async () => {
      await asNobody(['down', '--purge', '--name', 'e2e-nobody']);
      await must('umount', ['-l', clone]);
    });

    it('runs simulated nodes and says why', async () => {
      const up = await asNobody(['up', '--nodes', '1', '--name', 'e2e-nobody']);
      expect(`${up.stderr}${up.stdout}`).toContain('real containers are not possible here: they need root\nso the nodes are simulated');
      expect(up.stdout).toContain('Cluster "e2e-nobody" is up: 1 simulated node');
      const env = { KUBECONFIG: join(home, '.navarch/e2e-nobody/kubeconfig') };
      expect(await must('kubectl', ['get', 'nodes', '--no-headers'], { env })).toMatch(/^node-1 +Ready /);
      expect(statSync(env.KUBECONFIG)).toMatchObject({ uid: nobody });
      await must('kubectl', ['create', 'deployment', 'web', '--image=navarch.local/web:1'], { env });
      await must('kubectl', ['rollout', 'status', 'deployment/web', '--timeout=180s'], { env });
      expect((await asNobody(['status', '--name', 'e2e-nobody'])).code).toBe(0);
      const doctor = await asNobody(['doctor', '--name', 'e2e-nobody']);
      expect(doctor.stdout).toContain('not root: nodes are simulated');
      expect(doctor.code).toBe(0);
      expect((await asNobody(['up', '--name', 'e2e-nobody'])).stderr).toContain('is running already');
      expect((await asNobody(['down', '--purge', '--name', 'e2e-nobody'])).stdout).toContain('and its state are removed');
      expect(existsSync(join(home, '.navarch/e2e-nobody'))).toBe(false);
      expect(existsSync(join(tmpdir(), `navarch-${nobody}`))).toBe(false);
    });

    it('says what real containers need, and offers the other runtime', async () => {
      const { code, stderr } = await asNobody(['up', '--runtime', 'containerd', '--name', 'e2e-nobody']);
      expect(code).toBe(1);
      expect(stderr).toContain('real containers are not possible here: they need root');
      expect(stderr).toContain('npm run up -- --runtime simulated');
    });

    it('names packages that are missing and how to get them', async () => {
      // Only what root alone finds is left, which is where nats-server is.
      const { code, stderr } = await asNobody(['up', '--runtime', 'simulated', '--name', 'e2e-nobody'], { PATH: '/nowhere' });
      expect(code).toBe(1);
      expect(stderr).toMatch(/missing: etcd-server\b.*; as root run: apt-get install etcd-server/);
    });
  });

  it('names the packages to install on a system it cannot install on', async () => {
    const release = join(scratch, 'os-release');
    writeFileSync(release, 'ID=other\n');
    const script = `mount --bind ${release} /etc/os-release && PATH=/nowhere exec ${process.execPath} ${join(root, main)} up --name ${cluster.name}`;
    const { code, stderr } = await run('unshare', ['--mount', 'sh', '-c', script]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/missing: .*containerd.*this is not Debian, install them with your package manager/);
    expect(stderr).toContain('or run npm run up -- --runtime simulated, which needs only etcd-server');
  });
});
