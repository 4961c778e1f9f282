import fc from 'fast-check';
import t from 'tap';
import { JsonError, type JsonErrorReason, parseJson } from '../../src/core/json.js';

const refusal = (text: string, maxDepth?: number) => {
  try {
    parseJson(text, maxDepth === undefined ? {} : { maxDepth });
  } catch (error) {
    if (error instanceof JsonError) return { reason: error.reason, path: error.path };
    throw error;
  }
  return undefined;
};

t.test('JsonError has the reason and the path', (t) => {
  const cases: [what: string, text: string, reason: JsonErrorReason, path: (string | number)[]][] = [
    ['no text', '', 'syntax', []],
    ['trailing text', '{} {}', 'syntax', []],
    ['a comment', '{/**/}', 'syntax', []],
    ['a byte order mark', '\ufeff{}', 'syntax', []],
    ['NaN', '[NaN]', 'syntax', []],
    ['a control character in a string', '"\u0001"', 'syntax', []],
    ['a duplicate', '{"a":1,"a":1}', 'duplicate_key', ['a']],
    ['a duplicate once unescaped', '{"sub":1,"\\u0073ub":2}', 'duplicate_key', ['sub']],
    ['a duplicate deep down', '{"x":[0,{"y":{"b":1,"c":2,"b":3}}]}', 'duplicate_key', ['x', 1, 'y', 'b']],
    ['a duplicate of an inherited name', '{"toString":1,"toString":2}', 'duplicate_key', ['toString']],
    ['__proto__', '{"a":{"__proto__":{"admin":true}}}', 'forbidden_key', ['a', '__proto__']],
    ['__proto__ in escapes', '{"\\u005f_proto__":1}', 'forbidden_key', ['__proto__']],
    ['a lone surrogate', '{"a":["\\ud800"]}', 'lone_surrogate', ['a', 0]],
    ['a lone surrogate in a name', '{"\\udc00":1}', 'lone_surrogate', ['\udc00']],
    ['a number that is infinite', '{"exp":1e999}', 'number_out_of_range', ['exp']],
    ['an integer that is not exact', '{"id":9007199254740993}', 'number_out_of_range', ['id']],
    ['the first integer too large', '[9007199254740992]', 'number_out_of_range', [0]],
    ['the first integer too small', '[0,-9007199254740992]', 'number_out_of_range', [1]],
    ['an integer too large, with an exponent', '1e16', 'number_out_of_range', []],
    ['depth 33', `${'['.repeat(33)}${']'.repeat(33)}`, 'too_deep', Array(32).fill(0)],
  ];
  for (const [what, text, reason, path] of cases) t.same(refusal(text), { reason, path }, what);
  t.end();
});

t.test('valid JSON close to an error is accepted', (t) => {
  t.strictSame(parseJson('"\\ud83d\\ude00"'), '😀');
  t.equal(refusal('[".","\\"",{"a":"a","b":"\\\\"},"{\\"a\\":1,\\"a\\":1}"]'), undefined);
  t.equal(refusal('{"constructor":1,"hasOwnProperty":2,"prototype":3}'), undefined);
  t.equal(refusal('{"a":{"a":{"a":[]}},"b":{"a":1}}'), undefined, 'one name at several levels');
  t.equal(refusal(`${'['.repeat(32)}${']'.repeat(32)}`), undefined, 'depth 32');
  t.same(refusal('[[]]', 1), { reason: 'too_deep', path: [0] });
  t.equal(refusal('[1]', 1), undefined);
  t.same(refusal('[]', 0), { reason: 'too_deep', path: [] });
  t.equal(parseJson(' \t\r\n7 '), 7);
  t.same(parseJson('[9007199254740991,-9007199254740991,1e-300]'), [2 ** 53 - 1, 1 - 2 ** 53, 1e-300]);
  t.end();
});

t.test('parsed objects have no prototype, at any depth', (t) => {
  const value = parseJson('{"a":[{"b":{}}]}') as { a: { b: object }[] };
  for (const object of [value, value.a[0], value.a[0]?.b]) t.equal(Object.getPrototypeOf(object), null);
  t.end();
});

t.test('large texts take linear time and bounded stack', (t) => {
  const deep = '['.repeat(500_000) + ']'.repeat(500_000);
  t.match(refusal(deep), { reason: 'too_deep' });
  const long = JSON.stringify('\\"x'.repeat(500_000));
  t.equal(parseJson(long), JSON.parse(long));
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])));
  t.equal(Object.keys(parseJson(wide) as object).length, 100_000);
  t.end();
});

t.test('parseJson agrees with JSON.parse on the output of JSON.stringify', (t) => {
  const strict = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' }).filter((value) => {
    let exact = true;
    const text = JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === 'number') exact &&= Math.abs(part) <= Number.MAX_SAFE_INTEGER;
      return part;
    });
    return exact && !text.includes('"__proto__"');
  });
  fc.assert(
    fc.property(strict, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      return JSON.stringify(parseJson(text)) === JSON.stringify(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
  t.end();
});
