# How a room (a folder of C++) becomes a library, and its tests a program. Rooms.cmake is the list of them.
include_guard()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Several of our Python modules live in one process, each with its own copy of these libraries: nothing of them may be
# shared by name.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# What all of our own code is compiled with.
add_library(batchscope_options INTERFACE)
target_include_directories(batchscope_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(batchscope_options INTERFACE BATCHSCOPE_VERSION="${PROJECT_VERSION}")
target_compile_options(
  batchscope_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
            $<$<BOOL:${BATCHSCOPE_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns about its own std::string (PR105651) and std::variant (PR105562).
  target_compile_options(batchscope_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(BATCHSCOPE_SANITIZE)
  set(sanitize -fsanitize=${BATCHSCOPE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(batchscope_options INTERFACE ${sanitize})
  target_link_options(batchscope_options INTERFACE ${sanitize})
endif()

# The target name of a room: runtime/base -> batchscope_runtime_base.
function(batchscope_target_name out room)
  string(REPLACE "/" "_" name ${room})
  set(${out} batchscope_${name} PARENT_SCOPE)
endfunction()

# batchscope_library(<room> [DEPENDS <room>...] [LINKS <target>...])
# A static library batchscope_<top>_<room> (alias batchscope::<top>_<room>) of all *.cc in the room's own folder. A room
# without sources is an empty one, so that rooms can name it before it is written. `main.cc` belongs to
# batchscope_program(), `module*.cc` to batchscope_python_module().
function(batchscope_library room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LINKS")
  batchscope_target_name(target ${room})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${room}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/(main|module[a-z_]*)\\.cc$")
  set(kind PUBLIC)
  if(sources)
    add_library(${target} STATIC ${sources})
  else()
    set(kind INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  string(REPLACE "batchscope_" "batchscope::" alias ${target})
  add_library(${alias} ALIAS ${target})
  foreach(room_below IN LISTS arg_DEPENDS)
    batchscope_target_name(below ${room_below})
    target_link_libraries(${target} ${kind} ${below})
  endforeach()
  target_link_libraries(${target} ${kind} batchscope_options ${arg_LINKS})
endfunction()

# batchscope_test(<room>)
# One GoogleTest program <top>_<room>_test of all *.cc in tests/<room>, each test registered with ctest.
function(batchscope_test room)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${room}/*.cc)
  if(NOT sources OR NOT BATCHSCOPE_TESTS)
    return()
  endif()
  batchscope_target_name(library ${room})
  string(REGEX REPLACE "^batchscope_(.*)$" "\\1_test" program ${library})
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE ${library} batchscope_test_support GTest::gmock_main)
  gtest_discover_tests(
    ${program}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 120
    TEST_PREFIX "${room}: "
    PROPERTIES TIMEOUT 300)
  add_dependencies(batchscope_unit_tests ${program})
endfunction()

# batchscope_room(<room> ...): the library and its tests.
function(batchscope_room room)
  batchscope_library(${ARGV})
  batchscope_test(${room})
endfunction()

# batchscope_program(<name> <room>): the program of <room>/main.cc, all else of it lies in the room's library.
function(batchscope_program name room)
  file(GLOB main CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${room}/main.cc)
  if(main)
    batchscope_target_name(library ${room})
    add_executable(${name}_program ${main})
    set_target_properties(${name}_program PROPERTIES OUTPUT_NAME ${name})
    target_link_libraries(${name}_program PRIVATE ${library})
  endif()
endfunction()

if(BATCHSCOPE_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  add_custom_target(batchscope_unit_tests)
endif()
