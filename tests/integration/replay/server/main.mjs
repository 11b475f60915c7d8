// The replay server as a program: node main.mjs [PLAN], where PLAN is a JSON list of scripts (see server.mjs). Writes its
// port as a line, and ends with its standard input, so that it never outlives the test that started it.
import { ReplayServer } from './server.mjs';

const server = await ReplayServer.start({ plan: JSON.parse(process.argv[2] ?? '[{}]') });
console.log(server.port);
process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
