module.exports = { displayName: 'storage', preset: '../../jest.preset.cjs', passWithNoTests: true };
