// A network namespace with a way out: what runs in it makes rules, bridges and ports as if alone, and the host and others on it see none of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

function run(command, args, input) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env, ...(input === undefined ? {} : { input }) });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? error}: ${stderr ?? ''}`);
  return stdout;
}

const forwarding = (link) => `/proc/sys/net/ipv4/conf/${link}/forwarding`;
/** The command before a command that shall run in the network. */
export const inside = (name) => ['nsenter', `--net=/run/netns/${name}`];
const within = (name, command, ...args) => run('nsenter', [`--net=/run/netns/${name}`, command, ...args]);

/** Addresses of the two ends: of the shared range (RFC 6598), which neither hosts nor Docker take by themselves. */
function addresses(number) {
  const [third, fourth] = [(number >> 6) & 255, (number & 63) * 4];
  return { host: `100.127.${third}.${fourth + 1}`, guest: `100.127.${third}.${fourth + 2}`, subnet: `100.127.${third}.${fourth}/30` };
}

/** Host rules that drop what is forwarded, as a Docker engine of the host makes them, let our own link through. */
const acceptances = (link) => ['-i', '-o'].map((side) => ['FORWARD', side, link, '-j', 'ACCEPT']);

/** Makes the namespace; answers what `removeNetwork` needs to know. `number` tells it from others on the host. */
export function makeNetwork(number) {
  const name = `navarch-docker-${number}`;
  const link = `nvd${number}`.slice(0, 15);
  const { host, guest, subnet } = addresses(number);
  const [uplink] = JSON.parse(run('ip', ['-j', '-4', 'route', 'show', 'default'])).map(({ dev }) => dev);
  const network = { name, link, uplink, opened: [], accepted: false };
  run('ip', ['netns', 'add', name]);
  try {
    within(name, 'ip', 'link', 'set', 'lo', 'up');
    run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', name]);
    run('ip', ['address', 'add', `${host}/30`, 'dev', link]);
    run('ip', ['link', 'set', link, 'up']);
    // What is too long for the host's way out is too long here.
    const mtu = uplink === undefined ? 1500 : Number(readFileSync(`/sys/class/net/${uplink}/mtu`, 'utf8'));
    within(name, 'ip', 'link', 'set', 'uplink', 'mtu', String(mtu), 'up');
    within(name, 'ip', 'address', 'add', `${guest}/30`, 'dev', 'uplink');
    within(name, 'ip', 'route', 'add', 'default', 'via', host);
    for (const open of [link, uplink].filter((dev) => dev !== undefined)) {
      if (readFileSync(forwarding(open), 'utf8').trim() === '1') continue;
      writeFileSync(forwarding(open), '1');
      network.opened.push(open);
    }
    run('nft', ['-f', '-'], `table ip ${name} {\n  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;\n    ip saddr ${subnet} oifname != "${link}" masquerade\n  }\n}\n`);
    const policy = spawnSync('iptables', ['-S', 'FORWARD'], { encoding: 'utf8', env });
    if (policy.stdout?.includes('-P FORWARD DROP')) {
      for (const rule of acceptances(link)) run('iptables', ['-I', ...rule]);
      network.accepted = true;
    }
  } catch (error) {
    removeNetwork(network);
    throw error;
  }
  return network;
}

/** Undoes it. What others have removed before is no error. */
export function removeNetwork({ name, link, uplink, opened, accepted }) {
  const attempt = (command, ...args) => spawnSync(command, args, { stdio: 'ignore', env });
  if (accepted) for (const rule of acceptances(link)) attempt('iptables', '-D', ...rule);
  attempt('nft', 'delete', 'table', 'ip', name);
  attempt('ip', 'link', 'delete', link);
  attempt('ip', 'netns', 'delete', name);
  // Somebody may rely on the host's forwarding by now.
  if (opened.includes(uplink) && existsSync(forwarding(uplink)) && readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '0') writeFileSync(forwarding(uplink), '0');
}

/** As after a reboot: only the way out is left. */
export function emptyNetwork({ name }) {
  for (const { ifname } of JSON.parse(within(name, 'ip', '-j', 'link'))) if (ifname !== 'lo' && ifname !== 'uplink') spawnSync('nsenter', [`--net=/run/netns/${name}`, 'ip', 'link', 'delete', ifname], { stdio: 'ignore', env });
  within(name, 'nft', 'flush', 'ruleset');
}
