import { describe, expect, it } from '@jest/globals';
import { Unconfirmed, demandSure } from './confirmation.js';

describe('what cannot be taken back', () => {
  const said: string[] = [];
  const demand = (isSure: boolean, answer: boolean | undefined) => {
    said.length = 0;
    const tell = (text: string) => Promise.resolve(said.push(text));
    const plan = () => tell('planned').then(() => 'would append\n');
    const ask = answer === undefined ? undefined : (question: string) => tell(question).then(() => answer);
    return demandSure({ question: 'Sure?', plan, isSure }, { ask, note: (line) => void said.push(line) });
  };

  it('is not asked about where it was said before that it is meant', async () => {
    await demand(true, undefined);
    expect(said).toEqual([]);
  });

  it('is shown before it is asked about', async () => {
    await demand(false, true);
    expect(said).toEqual(['planned', 'would append', 'Sure?']);
  });

  it('is not done where it is not meant', async () => {
    await expect(demand(false, false)).rejects.toThrow(new Unconfirmed('nothing was done'));
  });

  it('is not done where there is nobody to ask', async () => {
    await expect(demand(false, undefined)).rejects.toThrow(/--yes says that it is meant/);
    expect(said).toEqual([]);
  });
});
