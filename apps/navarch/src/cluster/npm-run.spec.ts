import { npmRun } from './npm-run';

describe('npmRun', () => {
  it('is short for the default cluster', () => {
    expect(npmRun('status', 'navarch')).toBe('npm run status');
    expect(npmRun('down', 'navarch', '--purge')).toBe('npm run down -- --purge');
  });

  it('names any other: a purge must not hit the default cluster', () => {
    expect(npmRun('down', 'two')).toBe('npm run down -- --name two');
    expect(npmRun('down', 'two', '--purge')).toBe('npm run down -- --name two --purge');
  });
});
