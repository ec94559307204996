# The fuzzers of tests/fuzz: each <name>_fuzz.cc is a program of libFuzzer, which needs clang and the preset `fuzz`. As
# a test it runs for a few seconds, from the inputs in tests/fuzz/seeds/<name> on and, so that it does the same each
# time, with the same random numbers. To look for longer: build/fuzz/<name>_fuzz build/fuzz/corpus/<name>.
include_guard()
if(NOT BATCHSCOPE_FUZZ)
  return()
endif()
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "libFuzzer comes with clang, this is ${CMAKE_CXX_COMPILER_ID}; use: cmake --preset fuzz")
endif()

enable_testing()
set(BATCHSCOPE_FUZZ_SECONDS 18 CACHE STRING "How long each fuzzer runs as a test")
add_custom_target(batchscope_fuzz_tests)
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
foreach(source IN LISTS sources)
  get_filename_component(program ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${program})
  set(seeds ${PROJECT_SOURCE_DIR}/tests/fuzz/seeds/${name})
  set(corpus ${PROJECT_BINARY_DIR}/corpus/${name})
  file(MAKE_DIRECTORY ${corpus})
  set(dictionary "")
  if(EXISTS ${seeds}.dict)
    set(dictionary -dict=${seeds}.dict)
  endif()
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE batchscope::runtime_wire batchscope::runtime_selector
                                           batchscope::debugadapter_protocol)
  target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  add_test(NAME "fuzz: ${name}" COMMAND ${program} -seed=1 -max_total_time=${BATCHSCOPE_FUZZ_SECONDS} -timeout=600
                                        -artifact_prefix=${corpus}- ${dictionary} ${corpus} ${seeds})
  set_tests_properties("fuzz: ${name}" PROPERTIES TIMEOUT 1200)
  add_dependencies(batchscope_fuzz_tests ${program})
endforeach()
