module.exports = { displayName: 'proxy', preset: '../../jest.preset.cjs', passWithNoTests: true };
