# Every room of C++: what it stands on, and which libraries of others it uses. tests/tools/layers.txt says the same of
# #include lines. A room also has everything its DEPENDS have. Sources are found by themselves: adding a file needs no
# change here.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(cppzmq REQUIRED)

if(BATCHSCOPE_TESTS) # what tests of several rooms share; what one room's tests share lies beside them
  batchscope_library(tests/support DEPENDS runtime/base LINKS GTest::gmock)
  add_library(batchscope_test_support ALIAS batchscope_tests_support)
endif()

batchscope_room(runtime/base LINKS fmt::fmt nlohmann_json::nlohmann_json Threads::Threads)
batchscope_room(runtime/config DEPENDS runtime/base LINKS yaml-cpp)
batchscope_room(runtime/input DEPENDS runtime/config)
batchscope_room(runtime/engine DEPENDS runtime/base)
batchscope_room(runtime/selector DEPENDS runtime/base)
batchscope_room(runtime/record DEPENDS runtime/config runtime/input runtime/engine)
batchscope_room(runtime/wire DEPENDS runtime/base LINKS cppzmq)
batchscope_room(runtime/launch DEPENDS runtime/wire)
batchscope_room(runtime/host DEPENDS runtime/record runtime/launch runtime/selector)
batchscope_room(runtime/cli DEPENDS runtime/host LINKS CLI11::CLI11)
batchscope_program(batchscope runtime/cli)

batchscope_python_module(_engine FOLDER runtime/bindings DEPENDS runtime/host)

# What of the worker needs no Python is a library with unit tests; its module*.cc is the module.
batchscope_room(runtime/worker DEPENDS runtime/wire runtime/selector)
batchscope_python_module(_worker FOLDER runtime/worker DEPENDS runtime/worker runtime/record)

batchscope_room(debugadapter/protocol DEPENDS runtime/base)
batchscope_room(debugadapter/fleet DEPENDS debugadapter/protocol runtime/wire runtime/selector)
batchscope_room(debugadapter/session DEPENDS debugadapter/fleet)
batchscope_room(debugadapter/transport DEPENDS debugadapter/session runtime/record)
batchscope_room(debugadapter/cli DEPENDS debugadapter/transport LINKS CLI11::CLI11)
batchscope_program(batchscope-dap debugadapter/cli)

batchscope_room(kernel/view DEPENDS runtime/base)
batchscope_room(kernel/debug DEPENDS debugadapter/transport)
find_package(xeus 2.4 QUIET)
if(xeus_FOUND)
  batchscope_room(kernel/channels DEPENDS runtime/base LINKS cppzmq xeus)
endif()
if(BATCHSCOPE_HAS_KERNEL)
  batchscope_python_module(_kernel FOLDER kernel DEPENDS kernel/channels kernel/view kernel/debug
                            LINKS batchscope_xeus_python)
endif()
