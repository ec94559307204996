#include "runtime/config/entry_script.h"

#include <gtest/gtest.h>

namespace batchscope::config {
namespace {

TEST(EntryScript, MayDefineRunInManyWays) {
  for (const char* source : {
           "def run(mini_batch):\n  pass\n",
           "def  run (b): pass",
           "async def run(b): pass",
           "\xEF\xBB\xBFimport os\r\ndef run(b):\r\n  pass\r\n",
           "@timed\ndef run(b): pass",
           "if FAST:\n    def run(b): pass\nelse:\n    def run(b): pass",
           "try:\n\tfrom fast import run\nexcept ImportError:\n\tpass",
           "run = predict",
           "run: Callable = predict",
           "init, run = make()",
           "from scoring import init, run",
           "from scoring import (\n    init,\n    run,  # ours\n)",
           "from scoring import predict as run",
           "from scoring import *",
           "globals()['run'] = f",
       }) {
    EXPECT_TRUE(MayDefineRun(source)) << source;
  }
}

TEST(EntryScript, LacksARunWithoutADefinitionOfThatName) {
  for (const char* source : {
           "",
           "def init(): pass",
           "# def run(b): pass",
           "def runs(b): pass\ndef rerun(b): pass",
           "class Model:\n    def run(self): pass\n    x = 1\n",
           "def outer():\n    def run(b): pass\n    run = 1\n",
           "asyncio.run(main())",
           "subprocess.run(check=True)",
           "run(x=1)",
           "if run == 1: pass",
           "print('run = 1')",
           "model.run = 5",
           "from scoring import (\n    init,\n)\nprint(run)",
       }) {
    EXPECT_FALSE(MayDefineRun(source)) << source;
  }
}

}  // namespace
}  // namespace batchscope::config
