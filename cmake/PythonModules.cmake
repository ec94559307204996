# The native Python modules. Two versions of pybind11 meet here: `_engine` and `_worker` use the newest (from the
# interpreter's own packages); `_kernel` must use the one that the system's libxeus-python was compiled with. So none is
# taken by find_package; each is a target made by hand.
include_guard()

set(BATCHSCOPE_HAS_KERNEL OFF)

function(batchscope_find_pybind11)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c "import pybind11 as p; print(p.__version__); print(p.get_include())"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  string(REGEX MATCH "^([^\n]+)\n(.+)$" ok "${found}")
  if(NOT ok OR CMAKE_MATCH_1 VERSION_LESS 2.13)
    message(FATAL_ERROR "pybind11 >= 2.13 is needed in ${Python_EXECUTABLE}, found '${CMAKE_MATCH_1}'. "
                        "Run scripts/setup, or pip install it there, or build without: -DBATCHSCOPE_PYTHON=OFF.")
  endif()
  # A copy, because pip builds in an environment that has another name each time and is gone afterwards: with its name
  # in the commands a build folder could not go on, and a compiler cache would know none of the files.
  set(copy ${PROJECT_BINARY_DIR}/pybind11-${CMAKE_MATCH_1})
  file(COPY ${CMAKE_MATCH_2}/pybind11 DESTINATION ${copy})
  add_library(batchscope_pybind11 INTERFACE)
  target_include_directories(batchscope_pybind11 SYSTEM INTERFACE ${copy})
endfunction()

# Sets BATCHSCOPE_HAS_KERNEL, and makes batchscope_xeus_python with the pybind11 that lies beside xeus-python's headers.
function(batchscope_find_xeus_python)
  find_path(XEUS_PYTHON_INCLUDE xeus-python/xdebugger.hpp)
  find_library(XEUS_PYTHON_LIBRARY xeus-python)
  find_path(XEUS_PYTHON_PYBIND11 pybind11/pybind11.h PATHS ${XEUS_PYTHON_INCLUDE} NO_DEFAULT_PATH)
  find_package(xeus 2.4 QUIET)
  set(missing "")
  if(NOT Python_VERSION MATCHES "^3\\.11\\." OR NOT Python_INTERPRETER_ID STREQUAL "Python")
    set(missing "the system's xeus-python serves CPython 3.11 only, this is ${Python_INTERPRETER_ID} ${Python_VERSION}")
  elseif(NOT xeus_FOUND OR NOT XEUS_PYTHON_INCLUDE OR NOT XEUS_PYTHON_LIBRARY OR NOT XEUS_PYTHON_PYBIND11)
    set(missing "xeus-python was not found (Debian: apt install xeus-python-dev pybind11-dev pybind11-json-dev)")
  endif()
  if(missing)
    if(BATCHSCOPE_KERNEL STREQUAL "AUTO")
      message(STATUS "Batchscope: WITHOUT the Jupyter kernel: ${missing}")
      return()
    endif()
    message(FATAL_ERROR "BATCHSCOPE_KERNEL is ${BATCHSCOPE_KERNEL}, but ${missing}.")
  endif()
  add_library(batchscope_xeus_python INTERFACE)
  target_include_directories(batchscope_xeus_python SYSTEM INTERFACE ${XEUS_PYTHON_INCLUDE})
  target_link_libraries(batchscope_xeus_python INTERFACE ${XEUS_PYTHON_LIBRARY} xeus)
  set(BATCHSCOPE_HAS_KERNEL ON PARENT_SCOPE)
endfunction()

# batchscope_python_module(<name> FOLDER <room> DEPENDS <room>... [LINKS <target>...])
# The module batchscope.<name> of all *.cc in FOLDER (of its module*.cc only, where FOLDER is a room with a library),
# linked with the newest pybind11 unless LINKS says otherwise. In a build folder it lies in python/batchscope. Skipped
# without BATCHSCOPE_PYTHON or without sources.
function(batchscope_python_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER" "DEPENDS;LINKS")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cc)
  if(arg_FOLDER IN_LIST arg_DEPENDS)
    list(FILTER sources INCLUDE REGEX "/module[a-z_]*\\.cc$")
  endif()
  if(NOT BATCHSCOPE_PYTHON OR NOT sources)
    return()
  endif()
  if(NOT arg_LINKS)
    set(arg_LINKS batchscope_pybind11)
  endif()
  python_add_library(${name} MODULE WITH_SOABI ${sources})
  foreach(room IN LISTS arg_DEPENDS)
    batchscope_target_name(library ${room})
    target_link_libraries(${name} PRIVATE ${library})
  endforeach()
  target_link_libraries(${name} PRIVATE batchscope_options ${arg_LINKS})
  target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL)
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/python/batchscope)
endfunction()

if(BATCHSCOPE_PYTHON)
  # The interpreter is chosen with -DPython_EXECUTABLE=, this exact name.
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  batchscope_find_pybind11()
  if(BATCHSCOPE_KERNEL)
    find_package(cppzmq REQUIRED) # before xeus, which looks for it itself
    batchscope_find_xeus_python()
  endif()
endif()
